#include "http/pool.hpp"

#include "http/network.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace carillon;
using namespace carillon::http::detail;
using namespace carillon::test;
using namespace std::chrono_literals;
using http::detail::pool;

namespace pools {

struct connection {
    tcp::socket ours;
    tcp::socket peers;
};

/** A pool of two connections to an origin and four in all. */
struct small_pool : network {
    std::shared_ptr<pool> p = make({.max_idle_per_origin = 2, .max_idle = 4});

    std::shared_ptr<pool> make(http::detail::pool_options options)
    {
        return std::make_shared<pool>(ctx.get_executor(), options);
    }

    connection connect()
    {
        tcp::acceptor acceptor(ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        tcp::socket ours(ctx);
        ours.connect(acceptor.local_endpoint());
        return {std::move(ours), acceptor.accept()};
    }

    /** Keeps a connection, and gives the port by which to know it. */
    std::uint16_t keep(connection& c, const std::string& key = "a")
    {
        const std::uint16_t port = c.ours.local_endpoint().port();
        p->keep(
            key, http::detail::make_plain_stream(http::detail::stream_socket(std::move(c.ours))));
        return port;
    }

    /** The port of the connection that is taken; 0 where there is none. */
    std::uint16_t take(const std::string& key = "a")
    {
        const auto s = p->take(key);
        if (!s) return 0;
        tcp::endpoint at;
        const auto local = s->socket().local_endpoint();
        std::memcpy(at.data(), local.data(), local.size());
        return at.port();
    }

    static bool is_closed(connection& c)
    {
        char byte = 0;
        error_code ec;
        c.peers.non_blocking(true);
        c.peers.receive(asio::buffer(&byte, 1), 0, ec);
        return ec == asio::error::eof;
    }

    void teardown()
    {
        p->close_idle();
        network::teardown();
    }
};

} // namespace pools

BOOST_FIXTURE_TEST_SUITE(pools, small_pool)

BOOST_AUTO_TEST_CASE(gives_the_connection_that_was_used_last)
{
    connection c1 = connect();
    connection c2 = connect();
    const std::uint16_t one = keep(c1);
    const std::uint16_t two = keep(c2);
    BOOST_TEST(take("b") == 0);
    BOOST_TEST(take() == two);
    BOOST_TEST(take() == one);
    BOOST_TEST(take() == 0);
}

BOOST_AUTO_TEST_CASE(keeps_no_more_than_the_bound)
{
    connection oldest = connect();
    connection c2 = connect();
    connection c3 = connect();
    connection other = connect();
    keep(oldest);
    const std::uint16_t two = keep(c2);
    const std::uint16_t three = keep(c3);
    keep(other, "b");
    BOOST_TEST(is_closed(oldest));
    BOOST_TEST(!is_closed(c2));
    BOOST_TEST(!is_closed(other));
    BOOST_TEST(take() == three);
    BOOST_TEST(take() == two);
    BOOST_TEST(take() == 0);
}

BOOST_AUTO_TEST_CASE(keeps_more_where_more_are_in_use_at_a_time)
{
    p->keep_at_least(3, 6);
    p->keep_at_least(1, 1); // of several callers the largest counts
    std::vector<connection> all;
    for (const char* key : {"a", "a", "a", "b", "b"}) keep(all.emplace_back(connect()), key);
    BOOST_TEST(std::none_of(all.begin(), all.end(), is_closed));
    keep(all.emplace_back(connect()), "a");
    BOOST_TEST(std::count_if(all.begin(), all.end(), is_closed) == 1);
}

BOOST_AUTO_TEST_CASE(passes_over_connections_that_are_closed_or_have_something_to_say)
{
    connection good = connect();
    connection closed = connect();
    const std::uint16_t port = keep(good);
    keep(closed);
    closed.peers.close();
    BOOST_TEST(take() == port);

    connection talks = connect();
    keep(talks);
    talks.peers.send(asio::buffer("x", 1));
    BOOST_TEST(take() == 0);
    BOOST_TEST(take() == 0);
}

BOOST_AUTO_TEST_CASE(closes_what_was_idle_too_long)
{
    p = make({.idle_timeout = 50ms});
    connection c1 = connect();
    connection c2 = connect();
    keep(c1);
    keep(c2, "b");
    BOOST_TEST(!is_closed(c1));
    finish(); // nothing is left to do when all are closed
    BOOST_TEST(is_closed(c1));
    BOOST_TEST(is_closed(c2));
    BOOST_TEST(take() == 0);

    // It begins anew with the next one.
    connection c3 = connect();
    keep(c3);
    finish();
    BOOST_TEST(is_closed(c3));
}

BOOST_AUTO_TEST_CASE(keeps_no_more_than_the_bound_of_all)
{
    std::vector<connection> all;
    for (const char* key : {"a", "b", "c", "d", "e"}) keep(all.emplace_back(connect()), key);
    BOOST_TEST(std::count_if(all.begin(), all.end(), is_closed) == 1);
    BOOST_TEST(!is_closed(all.back()));
}

BOOST_AUTO_TEST_CASE(gives_descriptors_back_one_by_one)
{
    connection c1 = connect();
    connection c2 = connect();
    keep(c1);
    keep(c2, "b");
    BOOST_TEST(p->close_one());
    BOOST_TEST(is_closed(c1) != is_closed(c2));
    BOOST_TEST(p->close_one());
    BOOST_TEST(is_closed(c1));
    BOOST_TEST(is_closed(c2));
    BOOST_TEST(!p->close_one());
}

BOOST_AUTO_TEST_CASE(close_idle_closes_them_all)
{
    connection c1 = connect();
    connection c2 = connect();
    keep(c1);
    keep(c2, "b");
    p->close_idle();
    BOOST_TEST(is_closed(c1));
    BOOST_TEST(is_closed(c2));
    finish();

    connection c3 = connect();
    const std::uint16_t port = keep(c3);
    BOOST_TEST(take() == port);
}

BOOST_AUTO_TEST_SUITE_END()
