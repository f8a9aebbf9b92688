#include "http/dead_ports.hpp"
#include "http/network.hpp"
#include "http/resolver.hpp"
#include <carillon/http/client.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::http::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

// A program may end its io_context while exchanges are under way: their handlers are then destroyed
// without a call, and with them all they hold.

namespace contexts_end {

/** What a handler holds. */
using token = std::shared_ptr<int>;

/** A client and its context, whose handlers are destroyed with them and never called. */
struct client_that_is_destroyed {
    scripted_names names;
    token held = std::make_shared<int>();
    std::optional<asio::io_context> ctx{std::in_place};
    std::optional<http::client> client{std::in_place, ctx->get_executor()};

    void send(std::uint16_t port, std::size_t body_bytes = 0, const char* host = "127.0.0.1")
    {
        client->async_send(
            request_to(port, "POST", std::string(body_bytes, 'x'), host), {},
            [t = held](error_code, const http::response&) {
                BOOST_ERROR("a handler was called after the end");
            });
    }

    /** Runs until the server has done so many steps. */
    void run(const misbehaving_server& server, std::size_t steps)
    {
        const auto limit = std::chrono::steady_clock::now() + 20s;
        while (server.accepted() == 0 || server.steps_done() < steps)
            BOOST_TEST_REQUIRE(ctx->run_one_until(limit) == 1U);
        ctx->poll();
    }

    void end()
    {
        client.reset();
        ctx.reset();
        BOOST_TEST(held.use_count() == 1);
    }
};

} // namespace contexts_end

BOOST_FIXTURE_TEST_SUITE(contexts_end, client_that_is_destroyed)

BOOST_AUTO_TEST_CASE(before_the_first_step)
{
    send(80);
    end();
}

BOOST_AUTO_TEST_CASE(while_a_name_is_looked_up)
{
    names.hold("held.test");
    send(80, 0, "held.test");
    send(80, 0, "held.test"); // shares the first one's question
    ctx->poll();
    BOOST_REQUIRE(names.wait_until_held(1));
    end();
    names.release(); // an answer that nobody waits for any more
    BOOST_REQUIRE(names.wait_until_held(0));
}

BOOST_AUTO_TEST_CASE(while_it_connects)
{
    {
        const silent_port port(*ctx);
        send(port.port());
        ctx->poll();
    }
    end();
}

BOOST_AUTO_TEST_CASE(while_it_sends)
{
    {
        misbehaving_server server(*ctx, {{server_does::hang{}}});
        send(server.port(), 32 * 1024 * 1024);
        run(server, 0);
    }
    end();
}

BOOST_AUTO_TEST_CASE(while_it_reads)
{
    {
        misbehaving_server server(
            *ctx, {{server_does::read_request{},
                    server_does::write{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"}}});
        send(server.port());
        run(server, 2);
    }
    end();
}

BOOST_AUTO_TEST_CASE(while_a_bare_look_up_goes_on)
{
    names.hold("held.test");
    std::optional<http::detail::resolver> resolver(ctx->get_executor());
    for (std::size_t i = 0; i < http::detail::resolver_bounds{}.untried + 2; ++i) {
        resolver->async_resolve(
            "n" + std::to_string(i) + ".held.test", 80, std::chrono::steady_clock::now() + 1h,
            [t = held](error_code, const http::detail::resolver::endpoints&) {
                BOOST_ERROR("called after the end");
            });
    }
    BOOST_REQUIRE(names.wait_until_held(http::detail::resolver_bounds{}.untried));
    resolver.reset();
    end();
    names.release();
    BOOST_REQUIRE(names.wait_until_held(0));
}

BOOST_AUTO_TEST_SUITE_END()
