#include "http/client_network.hpp"
#include "print.hpp"
#include "temporary_folder.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <dlfcn.h>
#include <functional>
#include <sys/socket.h>
#include <utility>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

// A kept connection may be closed while the next request is on its way to it.

namespace dead_connections {

const server_does::read_request reads;

/** Called once, right after somebody has looked at a connection without taking anything. */
std::function<void()>& after_look()
{
    static std::function<void()> f;
    return f;
}

/** A client whose connection is lost after its first reply. */
struct client_with_two_requests : client_network {
    /** Two requests: the second one meets what the first connection does after its reply, and a
     * connection that answers. */
    exchange second_after(std::vector<server_step> end, std::size_t requests, std::string body = {})
    {
        server_script first{reads, server_does::write{reply_of("one")}};
        first.insert(first.end(), end.begin(), end.end());
        misbehaving_server server(ctx, {first, {reads, server_does::write{reply_of("two")}}});
        BOOST_TEST(run(client, request_to(server.port())).ec() == error_code{});
        exchange second(client, request_to(server.port(), "POST", std::move(body)));
        run_until([&] { return second.done(); });
        BOOST_TEST(server.requests().size() == requests);
        client.close_idle();
        finish(server);
        return second;
    }
};

} // namespace dead_connections

/** In place of the system's recv(2), which the client looks at its kept connections with. */
extern "C" ssize_t recv(int descriptor, void* buffer, std::size_t size, int flags)
{
    using function = ssize_t (*)(int, void*, std::size_t, int);
    static const auto system = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "recv"));
    const ssize_t n = system(descriptor, buffer, size, flags);
    const int error = errno;
    if ((flags & MSG_PEEK) != 0 && dead_connections::after_look())
        std::exchange(dead_connections::after_look(), nullptr)();
    errno = error;
    return n;
}

BOOST_FIXTURE_TEST_SUITE(dead_connections, client_with_two_requests)

BOOST_AUTO_TEST_CASE(a_request_that_was_read_is_not_sent_again)
{
    const exchange closed = second_after({reads, server_does::close{}}, 2);
    BOOST_TEST(closed.ec() == errc::closed_early);
    const exchange reset = second_after({reads, server_does::reset{}}, 2);
    BOOST_TEST(reset.ec() == error_code(asio::error::connection_reset));
}

BOOST_AUTO_TEST_CASE(a_request_that_was_read_in_part_is_not_sent_again)
{
    const exchange e = second_after(
        {server_does::read_head{}, server_does::close{}}, 1, std::string(100'000, 'x'));
    BOOST_TEST(outcome_of(e.ec()) == outcome::unreachable, e.ec());
}

BOOST_AUTO_TEST_CASE(a_request_whose_reply_has_begun_is_not_sent_again)
{
    const exchange e = second_after({reads, server_does::write{"HTTP"}, server_does::close{}}, 2);
    BOOST_TEST(e.ec() == errc::closed_early);
}

BOOST_AUTO_TEST_CASE(a_request_that_came_too_late_is_sent_once_more)
{
    // The server closes between the look at the connection and the request.
    misbehaving_server server(
        ctx, {{reads, server_does::write{reply_of("one")}, server_does::hang{}},
              {reads, server_does::write{reply_of("two")}}});
    BOOST_TEST(run(client, request_to(server.port())).ec() == error_code{});
    after_look() = [&] { server.close_connections(); };
    const exchange e = run(client, request_to(server.port(), "POST", "body"));
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().body == "two");
    BOOST_TEST(server.accepted() == 2U);
    BOOST_TEST(server.requests().size() == 2U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(only_once)
{
    // The second connection is fresh, and so it is no mishap of keeping if it is closed too.
    misbehaving_server server(
        ctx, {{reads, server_does::write{reply_of("one")}, server_does::hang{}},
              {reads, server_does::close{}},
              {reads, server_does::write{reply_of("three")}}});
    BOOST_TEST(run(client, request_to(server.port())).ec() == error_code{});
    after_look() = [&] { server.close_connections(); };
    const exchange e = run(client, request_to(server.port(), "POST", "body"));
    BOOST_TEST(e.ec() == errc::closed_early);
    BOOST_TEST(server.accepted() == 2U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_SUITE_END()
