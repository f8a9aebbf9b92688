// Deadlines, limits on connections, and the ends of a server.

#include "app/server_fixture.hpp"
#include "print.hpp"
#include "server/server.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::app;
using namespace carillon::app::test;
using asio::ip::tcp;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(server_bounds_suite, server_fixture)

BOOST_AUTO_TEST_CASE(a_client_that_leaves_early_harms_nobody)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        for (const char* part :
             {"", "GET", "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nbo"}) {
            raw_client c = client();
            co_await c.connect();
            co_await c.send(part);
            c.close();
        }
        raw_client gone = client();
        co_await gone.connect();
        co_await gone.send(get("/slow"));
        gone.close();
        raw_client c = client();
        const std::string reply = co_await c.exchange(get_and_close("/after"));
        BOOST_TEST(reply.ends_with("GET /after "));
    };
    run(body());
    BOOST_TEST(*outcome == error_code());
}

BOOST_AUTO_TEST_CASE(slow_clients_are_closed)
{
    start({.read_timeout = 500ms, .idle_timeout = 600ms});
    auto body = [&]() -> asio::awaitable<void> {
        const std::string head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n";
        for (const std::string& part : {std::string(), head.substr(0, 20), head + "bo"}) {
            raw_client c = client();
            const std::string reply = co_await c.exchange(part);
            BOOST_TEST(reply.empty());
        }
        raw_client kept = client(); // idle again after a request
        const std::string reply = co_await kept.exchange(get("/once"));
        BOOST_TEST(reply.ends_with("GET /once "));
        BOOST_TEST(kept.closed_by == error_code(asio::error::eof));
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(a_drip_of_bytes_does_not_put_the_deadline_off)
{
    start({.read_timeout = 100ms});
    auto body = [&]() -> asio::awaitable<void> {
        raw_client c = client();
        co_await c.connect();
        const auto begun = std::chrono::steady_clock::now();
        for (int i = 0; i < 500; ++i) {
            const bool sent = co_await c.send("G");
            if (!sent) break;
            co_await wait(10ms);
        }
        const std::string reply = co_await c.read_all();
        BOOST_TEST(reply.empty());
        BOOST_TEST(std::chrono::steady_clock::now() - begun < 4s);
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_closed)
{
    start({.write_timeout = 50ms});
    // On a machine that is busy the server may begin to write only when the client reads.
    std::size_t received = whole_of_big;
    auto body = [&]() -> asio::awaitable<void> {
        for (auto pause = 300ms; received >= whole_of_big && pause < 10s; pause *= 2) {
            raw_client c = client();
            co_await c.connect();
            co_await c.send(get_and_close("/big"));
            co_await wait(pause);
            const std::string reply = co_await c.read_all();
            BOOST_TEST(reply.starts_with("HTTP/1.1 200 OK\r\n"));
            received = reply.size();
        }
    };
    run(body());
    BOOST_TEST(received < whole_of_big);
}

BOOST_AUTO_TEST_CASE(further_connections_wait_for_room)
{
    start({.max_connections = 2});
    auto body = [&]() -> asio::awaitable<void> {
        raw_client a = client();
        raw_client b = client();
        for (raw_client* c : {&a, &b}) {
            co_await c->connect();
            co_await c->send(get("/held"));
            co_await c->read_until("GET /held ");
        }
        raw_client late = client();
        co_await late.connect();
        co_await late.send(get_and_close("/late"));
        co_await wait(50ms);
        BOOST_TEST(late.available() == 0U);
        a.close();
        const std::string reply = co_await late.read_all();
        BOOST_TEST(reply.ends_with("GET /late "));
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(stop_lets_requests_be_answered_and_closes_idle_connections)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        raw_client idle = client();
        co_await idle.connect();
        co_await idle.send(get("/before"));
        co_await idle.read_until("GET /before ");
        raw_client busy = client();
        co_await busy.connect();
        co_await busy.send(get("/slow"));
        co_await wait(10ms);
        made->stop();
        BOOST_TEST(!outcome.has_value());
        const std::string last = co_await busy.read_all();
        BOOST_TEST(last.ends_with("GET /slow "));
        BOOST_TEST(has(last, "\r\nConnection: close\r\n"));
        const std::string nothing = co_await idle.read_all();
        BOOST_TEST(nothing.empty());
        raw_client late = client();
        BOOST_CHECK_THROW(co_await late.connect(), boost::system::system_error);
    };
    run(body());
    BOOST_TEST(*outcome == error_code());
}

BOOST_AUTO_TEST_CASE(every_cancellation_ends_it)
{
    using asio::cancellation_type;
    for (const auto type :
         {cancellation_type::terminal, cancellation_type::partial, cancellation_type::total}) {
        const bool gentle = type != cancellation_type::terminal;
        server_fixture f;
        f.start();
        auto body = [&]() -> asio::awaitable<void> {
            raw_client c = f.client();
            co_await c.connect();
            co_await c.send(get(gentle ? "/slow" : "/hang"));
            co_await wait(10ms);
            f.cancel.emit(type);
            BOOST_TEST(!f.outcome.has_value()); // never from within
            const std::string reply = co_await c.read_all();
            BOOST_TEST(reply.ends_with("GET /slow ") == gentle);
        };
        f.run(body());
        BOOST_TEST(f.outcome.value() == error_code(asio::error::operation_aborted));
    }
}

BOOST_AUTO_TEST_CASE(a_gentle_end_can_be_hastened)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        raw_client c = client();
        co_await c.connect();
        co_await c.send(get("/hang"));
        co_await wait(10ms);
        made->stop();
        co_await wait(10ms);
        BOOST_TEST(!outcome.has_value());
        cancel.emit(asio::cancellation_type::terminal);
        const std::string reply = co_await c.read_all();
        BOOST_TEST(reply.empty());
    };
    run(body());
    BOOST_TEST(*outcome == error_code(asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(a_request_may_stop_its_server)
{
    auto stopping = [this](server_request req) {
        made->stop();
        return echo(std::move(req));
    };
    start({}, std::move(stopping));
    BOOST_TEST(reply_to(get("/bye")).ends_with("GET /bye "));
}

BOOST_AUTO_TEST_CASE(the_destructor_cancels)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        raw_client c = client();
        co_await c.connect();
        co_await c.send(get("/hang"));
        co_await wait(10ms);
        made.reset();
        const std::string reply = co_await c.read_all();
        BOOST_TEST(reply.empty());
        start(); // for the fixture to stop
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(both_may_go_with_requests_under_way)
{
    bool completed = false;
    {
        asio::io_context loop;
        server s(loop.get_executor(), echo);
        const auto bound = s.listen({asio::ip::address_v4::loopback(), 0});
        s.async_run([&](error_code) { completed = true; });
        tcp::socket c(loop);
        c.connect(bound.value());
        asio::write(c, asio::buffer(get("/hang")));
        loop.run_for(50ms);
    }
    BOOST_TEST(!completed);
}

BOOST_AUTO_TEST_CASE(running_needs_listening_and_happens_once)
{
    server s(ctx.get_executor(), echo);
    std::optional<error_code> first;
    std::optional<error_code> second;
    s.async_run([&](error_code ec) { first = ec; });
    BOOST_TEST(!first.has_value());
    ctx.run();
    BOOST_TEST(first.value() == error_code(errc::not_running));

    BOOST_REQUIRE(s.listen({asio::ip::address_v4::loopback(), 0}).has_value());
    s.async_run([&](error_code ec) { first = ec; });
    s.async_run([&](error_code ec) {
        second = ec;
        s.stop();
    });
    ctx.restart();
    ctx.run();
    BOOST_TEST(first.value() == error_code());
    BOOST_TEST(second.value() == error_code(errc::already_running));
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_an_error)
{
    server a(ctx.get_executor(), echo);
    server b(ctx.get_executor(), echo);
    const auto bound = a.listen({asio::ip::address_v4::loopback(), 0});
    BOOST_REQUIRE(bound.has_value());
    BOOST_TEST(bound->port() != 0);
    BOOST_TEST(b.listen(*bound).error() == error_code(asio::error::address_in_use));
    BOOST_TEST(b.listen({asio::ip::address_v4::loopback(), 0}).has_value());
}

BOOST_AUTO_TEST_CASE(ipv6_works_as_well)
{
    server s(ctx.get_executor(), echo);
    const auto bound = s.listen({asio::ip::address_v6::loopback(), 0});
    if (!bound) return; // a machine without it
    BOOST_TEST(bound->address().is_v6());
    BOOST_TEST(bound->port() != 0);
}

BOOST_AUTO_TEST_SUITE_END()
