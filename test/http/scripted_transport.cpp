#include "http/network.hpp"
#include "print.hpp"
#include <carillon/http/scripted_transport.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace scripted_transports {

constexpr instant start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/** A network on a virtual clock, where each request gets one reply. */
struct scripted_network : network {
    virtual_time time{ctx.get_executor(), start};
    http::scripted_reply answer = http::reply_with(200, "hello");
    std::vector<http::request> asked;
    http::scripted_transport transport{ctx.get_executor(), time, [this](const http::request& r) {
                                           asked.push_back(r);
                                           return answer;
                                       }};

    exchange send(const http::limits& lim = {})
    {
        return {transport, request_to(80, "PUT", "body"), lim};
    }

    void pass(microseconds span) { time.run_until(ctx, time.now() + span); }
};

} // namespace scripted_transports

BOOST_FIXTURE_TEST_SUITE(scripted_transports, scripted_network)

BOOST_AUTO_TEST_CASE(answers_what_the_script_says)
{
    answer.reply.fields = {{"Retry-After", "7"}};
    const exchange e = send();
    pass(0s);
    BOOST_REQUIRE(e.done());
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().status == 200);
    BOOST_TEST(e.reply().body == "hello");
    BOOST_TEST(e.reply().phase == phase::body);
    BOOST_TEST(*e.reply().find("retry-after") == "7");
    BOOST_REQUIRE_EQUAL(asked.size(), 1U);
    BOOST_TEST(asked[0].method == "PUT");
    BOOST_TEST(asked[0].body == "body");
}

BOOST_AUTO_TEST_CASE(takes_its_time)
{
    answer.delay = 5s;
    const exchange e = send();
    pass(5s - 1us);
    BOOST_TEST(!e.done());
    pass(1us);
    BOOST_REQUIRE(e.done());
    BOOST_TEST(e.ec() == error_code{});
}

BOOST_AUTO_TEST_CASE(is_late_at_the_earlier_limit)
{
    struct row {
        microseconds delay;
        http::limits lim;
        bool late;
    };
    const row rows[] = {
        {3s, {.timeout = 3s}, true}, {3s, {.timeout = 4s}, false}, {2s, {.timeout = 2s}, true},
        {3s, {.timeout = 2s}, true}, {1h, {.timeout = 3s}, true},
    };
    for (const row& r : rows) {
        answer.delay = r.delay;
        const exchange e = send(r.lim);
        const microseconds end = std::min<microseconds>(r.delay, r.lim.timeout);
        pass(end - 1us);
        BOOST_TEST(!e.done());
        pass(1us);
        BOOST_REQUIRE(e.done());
        BOOST_TEST(e.ec() == (r.late ? make_error_code(errc::timed_out) : error_code{}));
        BOOST_TEST(e.reply().status == (r.late ? 0 : 200));
        if (r.late) BOOST_TEST(e.reply().phase == phase::first_byte);
    }
}

BOOST_AUTO_TEST_CASE(fails_as_the_script_says)
{
    answer = {.delay = 1s, .error = asio::error::connection_refused, .reply = {}};
    answer.reply.phase = phase::connect;
    const exchange e = send();
    pass(1s);
    BOOST_REQUIRE(e.done());
    BOOST_TEST(e.ec() == error_code(asio::error::connection_refused));
    BOOST_TEST(e.reply().phase == phase::connect);
}

BOOST_AUTO_TEST_CASE(holds_to_the_bodys_bound)
{
    const exchange fits = send({.max_body_bytes = 5});
    const exchange over = send({.max_body_bytes = 4});
    pass(0s);
    BOOST_TEST(fits.ec() == error_code{});
    BOOST_REQUIRE(over.done());
    BOOST_TEST(over.ec() == errc::body_too_large);
    BOOST_TEST(over.reply().phase == phase::body);
}

BOOST_AUTO_TEST_CASE(is_cancelled_at_once)
{
    answer.delay = 1h;
    exchange e = send({.timeout = 24h});
    pass(1s);
    e.cancel();
    pass(0s);
    BOOST_REQUIRE(e.done());
    BOOST_TEST(e.ec() == error_code(asio::error::operation_aborted));
    BOOST_TEST(e.reply().phase == phase::first_byte);
    BOOST_TEST(time.now() == start + 1s);
    BOOST_TEST(!time.next_wait().has_value());
}

BOOST_AUTO_TEST_CASE(other_types_than_terminal_change_nothing)
{
    answer.delay = 1s;
    exchange e = send();
    e.cancel(asio::cancellation_type::total);
    e.cancel(asio::cancellation_type::partial);
    pass(1s);
    BOOST_REQUIRE(e.done());
    BOOST_TEST(e.ec() == error_code{});
}

BOOST_AUTO_TEST_CASE(plays_many_at_a_time)
{
    std::vector<exchange> all;
    for (int i = 0; i < 100; ++i) {
        answer = http::reply_with(200 + i, "", std::chrono::seconds{100 - i});
        all.push_back(send({.timeout = 1h}));
    }
    pass(50s);
    for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST(all[i].done() == (i >= 50));
    pass(50s);
    for (std::size_t i = 0; i < all.size(); ++i)
        BOOST_TEST(all[i].reply().status == 200 + static_cast<int>(i));
}

BOOST_AUTO_TEST_SUITE_END()
