#include "http/client_network.hpp"

#include <boost/test/unit_test.hpp>

#include <list>
#include <optional>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace client_connections {

const server_does::read_request reads;

/** A client whose requests are answered. */
struct client_that_succeeds : client_network {
    void succeed(const misbehaving_server& server, std::string method = "POST")
    {
        const exchange e = run(client, request_to(server.port(), std::move(method)));
        BOOST_TEST(e.ec() == error_code{});
        BOOST_TEST(e.reply().status / 100 == 2);
    }
};

server_script answers(std::string text, int times = 1)
{
    server_script out;
    for (int i = 0; i < times; ++i) {
        out.push_back(reads);
        out.push_back(server_does::write{text});
    }
    return out;
}

} // namespace client_connections

BOOST_FIXTURE_TEST_SUITE(client_connections, client_that_succeeds)

BOOST_AUTO_TEST_CASE(uses_a_connection_again)
{
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for (const std::string& text :
         {reply_of("hi"), chunked, std::string("HTTP/1.1 204 No Content\r\n\r\n")}) {
        misbehaving_server server(ctx, {answers(text, 3)});
        for (int i = 0; i < 3; ++i) succeed(server);
        BOOST_TEST(server.accepted() == 1U);
        BOOST_TEST(server.requests().size() == 3U);
        client.close_idle();
        finish(server);
    }
}

BOOST_AUTO_TEST_CASE(uses_a_connection_again_after_a_reply_to_head)
{
    misbehaving_server server(ctx, {answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 2)});
    succeed(server, "HEAD");
    succeed(server, "HEAD");
    BOOST_TEST(server.accepted() == 1U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(does_not_keep_what_its_reply_ends)
{
    const std::string replies[] = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        reply_of("") + "and more",
        reply_of("") + reply_of("for nobody"),
    };
    for (const std::string& text : replies) {
        BOOST_TEST_CONTEXT(text)
        {
            misbehaving_server server(ctx, {answers(text, 2)});
            succeed(server);
            run_until([&] { return server.open() == 0; });
            succeed(server);
            BOOST_TEST(server.accepted() == 2U);
            finish(server);
        }
    }
}

BOOST_AUTO_TEST_CASE(does_not_keep_what_failed)
{
    misbehaving_server server(
        ctx, {answers("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"), answers(reply_of(""))});
    const exchange e = run(client, request_to(server.port()), {.max_body_bytes = 1000});
    BOOST_TEST(e.ec() == errc::body_too_large);
    run_until([&] { return server.open() == 0; });
    succeed(server);
    BOOST_TEST(server.accepted() == 2U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(does_not_use_a_connection_that_the_peer_closed)
{
    for (const server_step& end :
         {server_step(server_does::close{}), server_step(server_does::reset{})}) {
        server_script once = answers(reply_of(""));
        once.push_back(end);
        misbehaving_server server(ctx, {std::move(once), answers(reply_of(""))});
        succeed(server);
        run_until([&] { return server.open() == 0; });
        succeed(server);
        BOOST_TEST(server.accepted() == 2U);
        client.close_idle();
        finish(server);
    }
}

BOOST_AUTO_TEST_CASE(does_not_use_a_connection_on_which_more_came_later)
{
    misbehaving_server server(
        ctx, {{reads, server_does::trickle{reply_of(""), 0ms}, server_does::write{"unasked"}},
              answers(reply_of(""))});
    succeed(server);
    run_until([&] { return server.steps_done() == 3; });
    succeed(server);
    BOOST_TEST(server.accepted() == 2U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(keeps_connections_of_each_origin_apart)
{
    misbehaving_server one(ctx, {answers(reply_of(""), 2)});
    misbehaving_server two(ctx, {answers(reply_of(""), 2)});
    for (int i = 0; i < 2; ++i) {
        succeed(one);
        succeed(two);
    }
    BOOST_TEST(one.accepted() == 1U);
    BOOST_TEST(two.accepted() == 1U);
    client.close_idle();
    one.stop();
    finish(two);
}

BOOST_AUTO_TEST_CASE(opens_one_connection_for_each_exchange_at_a_time)
{
    misbehaving_server server(ctx, {answers(reply_of(""), 2)});
    std::list<exchange> all;
    for (int i = 0; i < 5; ++i) all.emplace_back(client, request_to(server.port()));
    for (const exchange& e : all) run_until([&] { return e.done(); });
    BOOST_TEST(server.accepted() == 5U);
    for (const exchange& e : all) BOOST_TEST(e.ec() == error_code{});
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_keeps_the_context_busy_until_it_is_closed)
{
    misbehaving_server server(ctx, {answers(reply_of(""))});
    succeed(server);
    server.stop();
    ctx.restart();
    ctx.poll();
    BOOST_TEST(!ctx.stopped());
    BOOST_TEST(server.open() == 1U);

    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(closes_an_idle_connection_after_its_time)
{
    http::client hasty(ctx.get_executor(), {.idle_timeout = 50ms});
    misbehaving_server server(ctx, {answers(reply_of(""))});
    const exchange e = run(hasty, request_to(server.port()));
    BOOST_TEST(e.ec() == error_code{});
    run_until([&] { return server.open() == 0; });
    finish(server);
}

BOOST_AUTO_TEST_CASE(its_end_closes_what_it_keeps)
{
    std::optional<http::client> brief(ctx.get_executor());
    misbehaving_server server(ctx, {answers(reply_of(""))});
    const exchange e = run(*brief, request_to(server.port()));
    BOOST_TEST(e.ec() == error_code{});
    brief.reset();
    finish(server);
}

BOOST_AUTO_TEST_CASE(exchanges_go_on_after_its_end)
{
    std::optional<http::client> brief(ctx.get_executor());
    misbehaving_server server(ctx, {answers(reply_of("late"))});
    const exchange going(*brief, request_to(server.port()));
    brief.reset();
    run_until([&] { return going.done(); });
    finish(server);
    BOOST_TEST(going.ec() == error_code{});
    BOOST_TEST(going.reply().body == "late");
}

BOOST_AUTO_TEST_SUITE_END()
