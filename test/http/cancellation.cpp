#include "http/client_network.hpp"
#include "http/dead_ports.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;

namespace cancellation {

const server_does::read_request reads;
const error_code aborted = asio::error::operation_aborted;

/** A client whose exchanges are cancelled where they stand. */
struct cancelled_client : closing_client {
    /** Runs whatever can run without waiting: all that a cancellation may need. */
    void settle()
    {
        ctx.restart();
        ctx.poll();
    }

    void cancel(exchange& e, phase at)
    {
        settle();
        BOOST_TEST(!e.done());
        e.cancel();
        settle();
        BOOST_REQUIRE(e.done());
        BOOST_TEST(e.ec() == aborted);
        BOOST_TEST(e.reply().phase == at);
    }

    /** Cancels an exchange with a server that plays this, after so many steps of it. */
    void cancel_after(std::size_t steps, server_script script, phase at, std::size_t body_bytes = 0)
    {
        misbehaving_server server(ctx, {std::move(script)});
        exchange e(client, request_to(server.port(), "POST", std::string(body_bytes, 'x')));
        run_until([&] { return server.accepted() == 1 && server.steps_done() >= steps; });
        cancel(e, at);
        finish(server);
    }
};

} // namespace cancellation

BOOST_FIXTURE_TEST_SUITE(cancellation, cancelled_client)

BOOST_AUTO_TEST_CASE(before_the_first_step)
{
    const closed_port port(ctx);
    open_before = open_descriptors() - 1;
    exchange e(client, request_to(port.port()));
    e.cancel();
    settle();
    BOOST_REQUIRE(e.done());
    BOOST_TEST(e.ec() == aborted);
}

BOOST_AUTO_TEST_CASE(while_a_name_is_looked_up)
{
    names.hold("held.test");
    exchange e(client, request_to(80, "GET", "", "held.test"));
    settle();
    BOOST_REQUIRE(names.wait_until_held(1));
    cancel(e, phase::resolve);
}

BOOST_AUTO_TEST_CASE(while_it_connects)
{
    {
        const silent_port port(ctx);
        exchange e(client, request_to(port.port()));
        cancel(e, phase::connect);
    }
}

BOOST_AUTO_TEST_CASE(while_it_connects_to_the_first_of_two)
{
    {
        const silent_port port(ctx);
        names.answer("two.test", {"127.0.0.1", "127.0.0.2"});
        exchange e(client, request_to(port.port(), "GET", "", "two.test"));
        // The answer comes from another thread; nothing tells here when the connecting has begun.
        run_until([&] { return names.asked() == 1; });
        e.cancel();
        run_until([&] { return e.done(); });
        BOOST_TEST(e.ec() == aborted);
    }
}

BOOST_AUTO_TEST_CASE(while_it_sends)
{
    cancel_after(0, {server_does::hang{}}, phase::send, 32 * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(while_it_waits_for_the_first_byte)
{
    cancel_after(1, {reads}, phase::first_byte);
}

BOOST_AUTO_TEST_CASE(within_the_head)
{
    cancel_after(2, {reads, server_does::write{"HTTP/1.1 200 OK\r\nX-A"}}, phase::body);
}

BOOST_AUTO_TEST_CASE(between_interim_replies)
{
    cancel_after(2, {reads, server_does::write{"HTTP/1.1 100 Continue\r\n\r\n"}}, phase::body);
}

BOOST_AUTO_TEST_CASE(within_the_body)
{
    cancel_after(
        2, {reads, server_does::write{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"}},
        phase::body);
}

BOOST_AUTO_TEST_CASE(within_a_body_that_goes_on_and_on)
{
    http::limits lim;
    lim.max_body_bytes = std::size_t{1} << 40;
    misbehaving_server server(
        ctx, {{reads, server_does::write{"HTTP/1.1 200 OK\r\n\r\n"},
               server_does::trickle{std::string(100'000, 'x'), std::chrono::milliseconds{1}}}});
    exchange e(client, request_to(server.port()), lim);
    run_until([&] { return server.steps_done() == 2; });
    cancel(e, phase::body);
    finish(server);
}

BOOST_AUTO_TEST_CASE(on_a_kept_connection)
{
    misbehaving_server server(ctx, {{reads, server_does::write{reply_of("")}, reads}});
    const exchange first = run(client, request_to(server.port()));
    exchange second(client, request_to(server.port()));
    run_until([&] { return server.steps_done() == 3; });
    cancel(second, phase::first_byte);
    client.close_idle();
    finish(server);
    BOOST_TEST(server.accepted() == 1U);
}

BOOST_AUTO_TEST_CASE(other_types_than_terminal_change_nothing)
{
    misbehaving_server server(ctx, {{reads, server_does::write{reply_of("done")}}});
    exchange e(client, request_to(server.port()));
    for (const auto type : {asio::cancellation_type::total, asio::cancellation_type::partial}) {
        e.cancel(type);
        settle();
    }
    run_until([&] { return e.done(); });
    client.close_idle();
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().body == "done");
}

BOOST_AUTO_TEST_CASE(after_the_end_changes_nothing)
{
    misbehaving_server server(ctx, {{reads, server_does::write{reply_of("done")}}});
    exchange e = run(client, request_to(server.port()));
    e.cancel();
    settle();
    e.cancel();
    client.close_idle();
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
}

BOOST_AUTO_TEST_SUITE_END()
