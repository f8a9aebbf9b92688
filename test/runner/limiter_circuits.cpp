// Who passes a circuit that is open.

#include "runner/visited_limiter.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(open_circuits, visited_limiter)

BOOST_AUTO_TEST_CASE(an_open_circuit_lets_one_probe_through_who_speaks_for_all)
{
    open_circuit();
    std::vector<visitor*> v;
    for (int i = 0; i < 100; ++i) v.push_back(&enter());
    const auto in = [&] {
        return std::count_if(v.begin(), v.end(), [](const visitor* x) { return x->is_in(); });
    };
    BOOST_TEST(in() == 0);
    run_for(circuit::first_wait);
    BOOST_TEST(in() == 1);
    BOOST_TEST(v[0]->is_in());
    fail(*v[0]);
    for (std::size_t i = 1; i < v.size(); ++i) {
        BOOST_REQUIRE(v[i]->got.has_value());
        BOOST_TEST(v[i]->got->error == refused);
        BOOST_TEST(v[i]->got->detail.find("after 6 failures in a row") != std::string::npos);
    }
    BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_closes_it_and_lets_all_in_who_wait)
{
    open_circuit();
    visitor& probe = enter();
    const visitor& waiting = enter();
    run_for(circuit::first_wait);
    BOOST_TEST(probe.is_in());
    BOOST_TEST(!waiting.got);
    probe.got->held->connected(); // while it still goes
    settle();
    BOOST_TEST(waiting.is_in());
    BOOST_REQUIRE_EQUAL(told.size(), 2U);
    BOOST_TEST(!told[1].is_open);
}

BOOST_AUTO_TEST_CASE(who_comes_while_a_probe_is_due_is_the_probe)
{
    open_circuit();
    run_for(10s);
    BOOST_TEST(!time.next_wait()); // nobody waits, so nothing wakes
    const visitor& probe = enter();
    BOOST_TEST(probe.is_in());
    BOOST_TEST(!enter().got);
}

BOOST_AUTO_TEST_CASE(a_probe_that_ends_without_an_answer_gives_its_turn_on)
{
    open_circuit();
    run_for(10s);
    visitor& probe = enter();
    const visitor& next = enter();
    leave(probe);
    BOOST_TEST(next.is_in());
}

BOOST_AUTO_TEST_CASE(a_probe_that_takes_too_long_speaks_for_those_who_wait)
{
    open_circuit();
    run_for(10s);
    visitor& probe = enter();
    const visitor& waiting = enter();
    BOOST_TEST(probe.is_in());
    run_for(9s);
    BOOST_TEST(!waiting.got);
    run_for(1s);
    BOOST_REQUIRE(waiting.got.has_value());
    BOOST_TEST(waiting.got->error == errc::timed_out);
    BOOST_TEST(waiting.got->detail.find("has not connected either") != std::string::npos);
    probe.got->held->connected();
    settle();
    BOOST_TEST(enter().is_in());
}

BOOST_AUTO_TEST_CASE(who_waits_in_vain_is_told_why_the_circuit_is_open)
{
    open_circuit();
    const visitor& hasty = enter(500ms);
    run_for(500ms);
    BOOST_REQUIRE(hasty.got.has_value());
    BOOST_TEST(hasty.got->error == refused);
    BOOST_TEST(hasty.got->detail.find("found by another attempt") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(circuits_of_other_origins_stay_closed)
{
    open_circuit();
    BOOST_TEST(enter(1h, "http://b").is_in());
}

BOOST_AUTO_TEST_SUITE_END()
