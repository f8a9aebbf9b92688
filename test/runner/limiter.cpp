#include "runner/visited_limiter.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(origin_places, visited_limiter)

BOOST_AUTO_TEST_CASE(has_places_up_to_the_bound)
{
    BOOST_TEST(enter().is_in());
    BOOST_TEST(enter().is_in());
    BOOST_TEST(!enter().got);
    BOOST_TEST(enter(1h, "http://b").is_in());
}

BOOST_AUTO_TEST_CASE(lets_in_first_come_first_served)
{
    std::vector<visitor*> v;
    for (int i = 0; i < 6; ++i) v.push_back(&enter());
    for (std::size_t freed = 0; freed < 4; ++freed) {
        leave(*v[freed]);
        for (std::size_t i = freed + 1; i < v.size(); ++i)
            BOOST_TEST(v[i]->got.has_value() == (i <= freed + 2));
    }
}

BOOST_AUTO_TEST_CASE(a_new_comer_does_not_pass_those_who_wait)
{
    visitor& first = enter();
    enter();
    visitor& waiting = enter();
    first.got->held.reset();
    const visitor& late = enter();
    BOOST_TEST(waiting.is_in());
    BOOST_TEST(!late.got);
}

BOOST_AUTO_TEST_CASE(a_free_place_is_had_within_the_call_and_counts)
{
    auto first = all->try_acquire("http://a");
    BOOST_TEST(first != nullptr);
    BOOST_TEST(enter().is_in());
    BOOST_TEST(all->try_acquire("http://a") == nullptr);
    BOOST_TEST(all->try_acquire("http://b") != nullptr);
    all->set_max_concurrent(2);
    BOOST_TEST(all->try_acquire("http://c") == nullptr);
    const visitor& waiting = enter();
    BOOST_TEST(!waiting.got);
    first.reset();
    settle();
    BOOST_TEST(waiting.is_in());
}

BOOST_AUTO_TEST_CASE(after_a_failure_it_is_had_by_waiting)
{
    fail(enter());
    BOOST_TEST(all->try_acquire("http://a") == nullptr);
    BOOST_TEST(enter().is_in());
}

BOOST_AUTO_TEST_CASE(ends_the_wait_after_its_time)
{
    visitor& first = enter();
    enter();
    const visitor& hasty = enter(5s);
    const visitor& patient = enter();
    run_for(5s);
    BOOST_TEST(hasty.got->error == errc::timed_out);
    BOOST_TEST(hasty.got->detail == "");
    leave(first);
    BOOST_TEST(patient.is_in());
}

BOOST_AUTO_TEST_CASE(a_free_place_needs_no_time) { BOOST_TEST(enter(-1s).is_in()); }

BOOST_AUTO_TEST_CASE(a_cancelled_wait_gives_way_at_once)
{
    visitor& first = enter();
    enter();
    visitor& cancelled = enter();
    const visitor& next = enter();
    cancelled.signal.emit(asio::cancellation_type::partial);
    settle();
    BOOST_TEST(cancelled.got->error == aborted);
    leave(first);
    BOOST_TEST(next.is_in());
}

BOOST_AUTO_TEST_CASE(a_place_given_as_its_wait_is_cancelled_is_not_lost)
{
    for (const bool cancelled_first : {false, true}) {
        visitor& first = enter();
        visitor& second = enter();
        visitor& both = enter();
        visitor& next = enter();
        if (cancelled_first) both.signal.emit(asio::cancellation_type::terminal);
        first.got->held.reset();
        if (!cancelled_first) both.signal.emit(asio::cancellation_type::terminal);
        settle();
        BOOST_TEST(both.got.has_value());
        leave(both);
        BOOST_TEST(next.is_in());
        leave(second);
        leave(next);
    }
}

BOOST_AUTO_TEST_CASE(more_places_serve_those_who_wait)
{
    enter();
    enter();
    const visitor& waiting = enter();
    all->set_max_per_origin(3);
    settle();
    BOOST_TEST(waiting.is_in());
}

BOOST_AUTO_TEST_CASE(a_place_outlives_the_origins)
{
    const visitor& v = enter();
    BOOST_TEST(v.is_in());
    all.reset();
}

BOOST_AUTO_TEST_CASE(fewer_places_make_nobody_turn_in_circles)
{
    visitor& one = enter();
    visitor& two = enter();
    for (int i = 0; i < circuit::failures_to_open; ++i) {
        visitor& v = i == 0 ? one : two;
        if (i < 2) v.got->held->failed(refused, "connection refused");
        all->set_max_per_origin(10);
        if (i >= 2) fail(enter());
    }
    all->set_max_per_origin(1);
    const visitor& waiting = enter();
    run_for(1min); // which would never end
    BOOST_TEST(!waiting.got);
    BOOST_TEST(time.next_wait().has_value()); // that of its deadline
    leave(one);
    leave(two);
    BOOST_TEST(waiting.is_in());
}

BOOST_AUTO_TEST_SUITE_END()
