#include "runner/visited_limiter.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(places_of_all_origins, limiter_of_many_origins)

BOOST_AUTO_TEST_CASE(have_a_bound)
{
    all->set_max_concurrent(3);
    std::vector<visitor*> v;
    for (const char* origin : {"http://a", "http://b", "http://c", "http://d", "http://a"})
        v.push_back(&at(origin));
    BOOST_TEST(count_in(v) == 3);
    BOOST_TEST(!v[3]->got);
    leave(*v[1]);
    BOOST_TEST(v[3]->is_in());
    BOOST_TEST(!v[4]->got);
    leave(*v[0]);
    BOOST_TEST(v[4]->is_in());
}

BOOST_AUTO_TEST_CASE(are_not_all_for_an_origin_with_a_crowd)
{
    all->set_max_concurrent(1);
    visitor& first = at("http://a");
    const auto a = crowd("http://a", 1000);
    visitor& b = at("http://b");
    leave(first);
    BOOST_TEST(a[0]->is_in());
    BOOST_TEST(!b.got);
    leave(*a[0]);
    BOOST_TEST(b.is_in());
    BOOST_TEST(!a[1]->got);
    leave(b);
    BOOST_TEST(a[1]->is_in());
}

BOOST_AUTO_TEST_CASE(go_round_and_to_the_first_at_each_origin)
{
    all->set_max_concurrent(1);
    visitor* in = &at("http://a");
    const auto a = crowd("http://a", 3);
    const auto b = crowd("http://b", 1);
    const auto c = crowd("http://c", 2);
    for (visitor* const next : {a[0], b[0], c[0], a[1], c[1], a[2]}) {
        leave(*in);
        BOOST_TEST(next->is_in());
        BOOST_TEST(count_in(a) + count_in(b) + count_in(c) == 1);
        in = next;
    }
}

BOOST_AUTO_TEST_CASE(are_not_for_a_new_comer_while_others_wait)
{
    all->set_max_concurrent(1);
    visitor& first = at("http://a");
    const visitor& waiting = at("http://b");
    first.got->held.reset();
    const visitor& late = at("http://c");
    BOOST_TEST(waiting.is_in());
    BOOST_TEST(!late.got);
}

BOOST_AUTO_TEST_CASE(are_not_held_while_waiting_for_a_full_origin)
{
    all->set_max_concurrent(2);
    all->set_max_per_origin(1);
    visitor& first = at("http://a");
    const auto a = crowd("http://a", 10);
    visitor& b = at("http://b");
    BOOST_TEST(b.is_in());
    const visitor& c = at("http://c");
    BOOST_TEST(!c.got);
    // What A gives back it may not take again before C.
    leave(first);
    BOOST_TEST(c.is_in());
    BOOST_TEST(count_in(a) == 0);
    leave(b);
    BOOST_TEST(count_in(a) == 1);
}

BOOST_AUTO_TEST_CASE(are_not_held_while_waiting_for_an_open_circuit)
{
    all->set_max_concurrent(1);
    open_circuit();
    const auto a = crowd("http://a", 10);
    visitor& b = at("http://b");
    BOOST_TEST(b.is_in());
    leave(b);
    BOOST_TEST(at("http://b").is_in());
    BOOST_TEST(count_in(a) == 0);
}

BOOST_AUTO_TEST_CASE(are_needed_for_a_probe_too)
{
    all->set_max_concurrent(1);
    open_circuit();
    const auto a = crowd("http://a", 10);
    visitor& b = at("http://b");
    visitor& c = at("http://c");
    run_for(1min); // in which nothing turns in circles while the probe is due
    BOOST_TEST(count_in(a) == 0);
    leave(b);
    BOOST_TEST(c.is_in()); // who could enter before the probe was due
    leave(c);
    BOOST_TEST(count_in(a) == 1);
    run_for(10s); // and it has its bound, as it would have had without a wait
    BOOST_REQUIRE(a[1]->got.has_value());
    BOOST_TEST(a[1]->got->error == errc::timed_out);
    const visitor& next = at("http://a");
    fail(*a[0]);
    BOOST_TEST(next.got->error == refused);
    BOOST_TEST(at("http://b").is_in());
}

BOOST_AUTO_TEST_CASE(are_not_for_an_origin_whose_circuit_opened_meanwhile)
{
    all->set_max_concurrent(6);
    const auto failing = crowd("http://a", 5);
    visitor& other = at("http://b");
    const auto a = crowd("http://a", 2);
    const auto b = crowd("http://b", 2);
    for (visitor* const v : failing) v->got->held->failed(refused, "connection refused");
    leave(other);
    BOOST_TEST(count_in(a) == 0);
    BOOST_TEST(count_in(b) == 1);
    for (visitor* const v : failing) leave(*v);
    BOOST_TEST(count_in(a) == 0);
    BOOST_TEST(count_in(b) == 2);
    run_for(circuit::first_wait);
    BOOST_TEST(count_in(a) == 1);
}

BOOST_AUTO_TEST_CASE(let_those_in_who_wait_as_they_become_more)
{
    all->set_max_concurrent(1);
    at("http://a");
    const auto a = crowd("http://a", 10);
    const auto b = crowd("http://b", 10);
    all->set_max_concurrent(7);
    settle();
    BOOST_TEST(count_in(a) == 3);
    BOOST_TEST(count_in(b) == 3);
}

BOOST_AUTO_TEST_CASE(are_shared_by_origins_that_get_more_at_once)
{
    all->set_max_concurrent(6);
    all->set_max_per_origin(1);
    const auto a = crowd("http://a", 10);
    const auto b = crowd("http://b", 10);
    all->set_max_per_origin(100);
    settle();
    BOOST_TEST(count_in(a) == 3);
    BOOST_TEST(count_in(b) == 3);
}

BOOST_AUTO_TEST_CASE(become_fewer_as_attempts_end)
{
    all->set_max_concurrent(4);
    const auto a = crowd("http://a", 4);
    const visitor& b = at("http://b");
    all->set_max_concurrent(0); // which is 1
    for (const int left : {3, 2, 1}) {
        leave(*a[static_cast<std::size_t>(left)]);
        BOOST_TEST(!b.got);
    }
    leave(*a[0]);
    BOOST_TEST(b.is_in());
    BOOST_TEST(!at("http://c").got);
}

BOOST_AUTO_TEST_CASE(go_to_nobody_who_has_given_up)
{
    all->set_max_concurrent(1);
    visitor& first = at("http://a");
    const auto a = crowd("http://a", 3);
    visitor& b = at("http://b");
    const visitor& c = at("http://c");
    cancel(b); // and its origin has nobody left
    cancel(*a[0]);
    BOOST_TEST(b.got->error == aborted);
    leave(first);
    BOOST_TEST(a[1]->is_in());
    leave(*a[1]);
    BOOST_TEST(c.is_in());
    BOOST_TEST(!a[2]->got);
}

BOOST_AUTO_TEST_CASE(are_free_after_cancellations_of_those_who_wait_for_an_origin)
{
    all->set_max_concurrent(2);
    all->set_max_per_origin(1);
    visitor& first = at("http://a");
    const auto a = crowd("http://a", 2);
    cancel(*a[0]);
    BOOST_TEST(a[0]->got->error == aborted);
    leave(first);
    BOOST_TEST(a[1]->is_in());
    leave(*a[1]);
    open_circuit();
    visitor& waiting = at("http://a");
    cancel(waiting);
    BOOST_TEST(waiting.got->error == aborted);
    BOOST_TEST(!time.next_wait());
}

BOOST_AUTO_TEST_CASE(given_as_their_wait_is_cancelled_are_not_lost)
{
    all->set_max_concurrent(1);
    for (const bool cancelled_first : {false, true}) {
        visitor& first = at("http://a");
        visitor& both = at("http://b");
        visitor& next = at("http://c");
        if (cancelled_first) both.signal.emit(asio::cancellation_type::terminal);
        first.got->held.reset();
        if (!cancelled_first) both.signal.emit(asio::cancellation_type::terminal);
        settle();
        BOOST_REQUIRE(both.got.has_value());
        BOOST_TEST(both.is_in() == !cancelled_first);
        leave(both);
        BOOST_TEST(next.is_in());
        leave(next);
    }
}

BOOST_AUTO_TEST_CASE(are_waited_for_no_longer_than_asked)
{
    all->set_max_concurrent(1);
    visitor& first = at("http://a");
    const visitor& hasty = enter(5s, "http://b");
    const visitor& patient = at("http://b");
    run_for(5s);
    BOOST_REQUIRE(hasty.got.has_value());
    BOOST_TEST(hasty.got->error == errc::timed_out);
    BOOST_TEST(hasty.got->detail == "");
    leave(first);
    BOOST_TEST(patient.is_in());
}

BOOST_AUTO_TEST_CASE(are_given_back_once_whatever_is_told)
{
    all->set_max_concurrent(2);
    visitor& a = at("http://a");
    a.got->held->connected();
    a.got->held->failed(refused, "said too late");
    leave(a);
    const auto b = crowd("http://b", 3);
    BOOST_TEST(count_in(b) == 2);
}

BOOST_AUTO_TEST_CASE(serve_nobody_after_the_end)
{
    all->set_max_concurrent(1);
    visitor& first = at("http://a");
    visitor& waiting = at("http://b");
    all->close();
    leave(first);
    all->set_max_concurrent(10);
    all->set_max_per_origin(10);
    settle();
    BOOST_TEST(!waiting.got);
    cancel(waiting);
    all.reset();
}

BOOST_AUTO_TEST_SUITE_END()
