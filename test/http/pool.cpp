#include "http/network.hpp"
#include <carillon/http/pool.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <list>
#include <optional>

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;
using http::pool;

namespace {

const error_code aborted = asio::error::operation_aborted;

/** A place, or the wait for one. */
struct place {
    asio::cancellation_signal signal;
    bool done = false;
    error_code ec;
    std::optional<pool::permit> held;
};

asio::awaitable<void>
wait_for_place(std::shared_ptr<pool> p, std::string origin, pool::time_point until, place& out)
{
    result<pool::permit> got = co_await p->acquire(std::move(origin), until);
    out.done = true;
    if (got)
        out.held.emplace(std::move(*got));
    else
        out.ec = got.error();
}

struct connection {
    tcp::socket ours;
    tcp::socket peers;
};

struct fixture : network {
    std::shared_ptr<pool> p = make({.max_per_origin = 2, .max_idle_per_origin = 2});
    std::list<place> places;

    std::shared_ptr<pool> make(http::pool_options options)
    {
        return std::make_shared<pool>(ctx.get_executor(), options);
    }

    place& ask(const std::string& origin = "a", std::chrono::nanoseconds time = 1h)
    {
        place& out = places.emplace_back();
        asio::co_spawn(
            ctx, wait_for_place(p, origin, std::chrono::steady_clock::now() + time, out),
            asio::bind_cancellation_slot(out.signal.slot(), asio::detached));
        settle();
        return out;
    }

    void give_back(place& x)
    {
        x.held.reset();
        settle();
    }

    void settle()
    {
        ctx.restart();
        ctx.poll();
    }

    connection connect()
    {
        tcp::acceptor acceptor(ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        tcp::socket ours(ctx);
        ours.connect(acceptor.local_endpoint());
        return {std::move(ours), acceptor.accept()};
    }

    /** Keeps a connection, and gives the port by which to know it. */
    std::uint16_t keep(connection& c, const std::string& origin = "a")
    {
        const std::uint16_t port = c.ours.local_endpoint().port();
        p->keep(origin, std::move(c.ours));
        return port;
    }

    /** The port of the connection that is taken; 0 where there is none. */
    std::uint16_t take(const std::string& origin = "a")
    {
        const auto s = p->take(origin);
        return s ? s->local_endpoint().port() : std::uint16_t{0};
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
        for (place& x : places) x.signal.emit(asio::cancellation_type::terminal);
        settle();
        places.clear();
        p->close_idle();
        network::teardown();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pools, fixture)

BOOST_AUTO_TEST_CASE(gives_places_up_to_the_bound)
{
    const place& first = ask();
    const place& second = ask();
    const place& third = ask();
    BOOST_TEST(first.held.has_value());
    BOOST_TEST(second.held.has_value());
    BOOST_TEST(!third.done);
    BOOST_TEST(ask("b").held.has_value());
}

BOOST_AUTO_TEST_CASE(gives_places_first_come_first_served)
{
    std::vector<place*> all;
    for (int i = 0; i < 6; ++i) all.push_back(&ask());
    for (std::size_t freed = 0; freed < 4; ++freed) {
        give_back(*all[freed]);
        for (std::size_t i = freed + 1; i < all.size(); ++i)
            BOOST_TEST(all[i]->held.has_value() == (i <= freed + 2));
    }
}

BOOST_AUTO_TEST_CASE(a_new_comer_does_not_pass_those_who_wait)
{
    place& first = ask();
    ask();
    const place& waiting = ask();
    first.held.reset();
    const place& late = ask(); // before the place that was given has been taken
    BOOST_TEST(waiting.held.has_value());
    BOOST_TEST(!late.done);
}

BOOST_AUTO_TEST_CASE(ends_the_wait_at_its_deadline)
{
    place& first = ask();
    ask();
    const place& hasty = ask("a", 50ms);
    const place& patient = ask();
    run_until([&] { return hasty.done; });
    BOOST_TEST(hasty.ec == errc::timed_out);
    give_back(first);
    BOOST_TEST(patient.held.has_value());
}

BOOST_AUTO_TEST_CASE(a_free_place_needs_no_time) { BOOST_TEST(ask("a", -1s).held.has_value()); }

BOOST_AUTO_TEST_CASE(a_cancelled_wait_gives_way)
{
    place& first = ask();
    ask();
    place& cancelled = ask();
    const place& next = ask();
    cancelled.signal.emit(asio::cancellation_type::terminal);
    settle();
    BOOST_TEST(cancelled.done);
    BOOST_TEST(cancelled.ec == aborted);
    give_back(first);
    BOOST_TEST(next.held.has_value());
}

BOOST_AUTO_TEST_CASE(a_place_given_as_its_wait_is_cancelled_is_not_lost)
{
    for (const bool cancelled_first : {false, true}) {
        place& first = ask();
        place& second = ask();
        place& both = ask();
        place& next = ask();
        if (cancelled_first) both.signal.emit(asio::cancellation_type::terminal);
        first.held.reset();
        if (!cancelled_first) both.signal.emit(asio::cancellation_type::terminal);
        settle();
        BOOST_TEST(both.done);
        give_back(both);
        BOOST_TEST(next.held.has_value());
        give_back(second);
        give_back(next);
    }
}

BOOST_AUTO_TEST_CASE(a_place_outlives_the_pools_owner)
{
    place& first = ask();
    ask();
    const place& waiting = ask();
    std::weak_ptr<pool> watch = p;
    p = make({});
    BOOST_TEST(!watch.expired());
    give_back(first);
    BOOST_TEST(waiting.held.has_value());
    places.clear();
    settle();
    BOOST_TEST(watch.expired());
}

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

BOOST_AUTO_TEST_CASE(close_idle_closes_them_all_and_leaves_places)
{
    const place& used = ask();
    connection c1 = connect();
    connection c2 = connect();
    keep(c1);
    keep(c2, "b");
    p->close_idle();
    BOOST_TEST(is_closed(c1));
    BOOST_TEST(is_closed(c2));
    BOOST_TEST(used.held.has_value());
    finish();

    connection c3 = connect();
    const std::uint16_t port = keep(c3);
    BOOST_TEST(take() == port);
}

BOOST_AUTO_TEST_SUITE_END()
