#include "runner/simulation.hpp"
#include <carillon/runner/origins.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

const error_code aborted = asio::error::operation_aborted;
const error_code refused = asio::error::connection_refused;

/** One who wants to enter. */
struct visitor {
    asio::cancellation_signal signal;
    std::optional<origins::entry> got;

    bool is_in() const { return got && got->held; }
};

struct fixture {
    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), monday};
    std::vector<circuit_change> told;
    std::shared_ptr<origins> all = std::make_shared<origins>(
        ctx.get_executor(), time, 2, [this](const circuit_change& c) { told.push_back(c); });
    std::list<visitor> visitors;

    visitor& enter(microseconds longest = 1h, const std::string& origin = "http://a")
    {
        visitor& v = visitors.emplace_back();
        all->async_enter(
            origin, longest, asio::bind_cancellation_slot(v.signal.slot(), [&v](origins::entry e) {
                BOOST_TEST(!v.got);
                v.got = std::move(e);
            }));
        BOOST_TEST(!v.got.has_value());
        settle();
        return v;
    }

    void settle() { run_for(0s); }
    void run_for(microseconds span) { time.run_until(ctx, time.now() + span); }

    void leave(visitor& v)
    {
        v.got->held.reset();
        settle();
    }

    /** Lets attempts fail until the circuit is open. */
    void open_circuit()
    {
        for (int i = 0; i < circuit::failures_to_open; ++i) fail(enter());
        BOOST_REQUIRE_EQUAL(told.size(), 1U);
        BOOST_TEST(told[0].is_open);
    }

    void fail(visitor& v)
    {
        BOOST_REQUIRE(v.is_in());
        v.got->held->failed(refused, "connection refused");
        leave(v);
    }

    /** Whatever waits has ended, and no timer is left. */
    ~fixture()
    {
        for (visitor& v : visitors) v.signal.emit(asio::cancellation_type::terminal);
        settle();
        for (visitor& v : visitors) {
            BOOST_TEST(v.got.has_value());
            v.got.reset();
        }
        settle();
        BOOST_TEST(!time.next_wait());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(origin_places, fixture)

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

BOOST_AUTO_TEST_CASE(ends_the_wait_after_its_time)
{
    visitor& first = enter();
    enter();
    const visitor& hasty = enter(5s);
    const visitor& patient = enter();
    run_for(5s);
    BOOST_TEST((hasty.got->error == errc::timed_out));
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
    BOOST_TEST((waiting.got->error == errc::timed_out));
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

BOOST_AUTO_TEST_CASE(circuits_of_other_origins_stay_closed)
{
    open_circuit();
    BOOST_TEST(enter(1h, "http://b").is_in());
}

BOOST_AUTO_TEST_SUITE_END()
