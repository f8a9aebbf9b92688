#include "runner/limit/limiter.hpp"

#include "print.hpp"
#include "runner/simulation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

const error_code aborted = asio::error::operation_aborted;
const error_code refused = asio::error::connection_refused;

/** One who wants to enter. */
struct visitor {
    asio::cancellation_signal signal;
    std::optional<limiter::entry> got;

    bool is_in() const { return got && got->held; }
};

struct origin_fixture {
    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), monday};
    std::vector<circuit_change> told;
    std::shared_ptr<limiter> all = std::make_shared<limiter>(
        ctx.get_executor(),
        time,
        limiter::bounds{.max_concurrent = 100, .max_per_origin = 2},
        [this](const circuit_change& c) { told.push_back(c); });
    std::list<visitor> visitors;

    visitor& enter(microseconds longest = 1h, const std::string& origin = "http://a")
    {
        visitor& v = visitors.emplace_back();
        all->async_enter(
            origin, longest, asio::bind_cancellation_slot(v.signal.slot(), [&v](limiter::entry e) {
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

    void cancel(visitor& v)
    {
        v.signal.emit(asio::cancellation_type::terminal);
        settle();
    }

    /** Whatever waits has ended, every place is free, and no timer is left. */
    ~origin_fixture()
    {
        for (visitor& v : visitors) v.signal.emit(asio::cancellation_type::terminal);
        settle();
        for (visitor& v : visitors) {
            BOOST_TEST(v.got.has_value());
            v.got.reset();
        }
        settle();
        if (all) {
            all->set_max_concurrent(1);
            visitor& last = enter(1h, "http://nobody");
            BOOST_TEST(last.is_in());
            last.got.reset();
        }
        BOOST_TEST(!time.next_wait());
    }
};

/** Several origins; at each there is room for more than in all. */
struct scarce_fixture : origin_fixture {
    scarce_fixture() { all->set_max_per_origin(100); }

    visitor& at(const std::string& origin) { return enter(1h, origin); }

    /** Those who want to enter, in the order of their coming. */
    std::vector<visitor*> crowd(const std::string& origin, int size)
    {
        std::vector<visitor*> out;
        for (int i = 0; i < size; ++i) out.push_back(&at(origin));
        return out;
    }

    static int count_in(const std::vector<visitor*>& who)
    {
        return static_cast<int>(
            std::count_if(who.begin(), who.end(), [](const visitor* v) { return v->is_in(); }));
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(origin_places, origin_fixture)

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

BOOST_FIXTURE_TEST_SUITE(places_of_all_origins, scarce_fixture)

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

BOOST_FIXTURE_TEST_SUITE(attempts_of_all_jobs, simulation)

BOOST_AUTO_TEST_CASE(wait_within_their_jobs_deadline_and_not_their_timeout)
{
    std::vector<job_record> ended;
    runner.on_event([&](const event& e) {
        if (const auto* j = std::get_if<job_ended>(&e)) ended.push_back(j->record);
    });
    answer = [](const http::request&) {
        http::scripted_reply out = http::reply_with(200, "{}");
        out.delay = 10s;
        return out;
    };
    const auto make = [](const char* name, microseconds deadline) {
        const std::string url = std::string("http://") + name + ".test/";
        return job{.name = name, .url = url, .timeout = 15s, .deadline = deadline};
    };
    runner.set_max_concurrent(1);
    runner.set_jobs(
        job_set::create({make("first", 1h), make("hasty", 5s), make("patient", 1h)}).value());
    for (const char* name : {"first", "hasty", "patient"})
        runner.async_trigger(name, asio::detached);
    run_for(5s);
    BOOST_REQUIRE_EQUAL(ended.size(), 1U);
    BOOST_TEST(ended[0].job == "hasty");
    BOOST_TEST(ended[0].outcome == outcome::timed_out);
    BOOST_TEST(
        ended[0].message ==
        "timed out: the job's deadline of 5s passed while it waited for its turn");
    run_for(1min);
    BOOST_REQUIRE_EQUAL(ended.size(), 3U);
    BOOST_TEST(ended[2].job == "patient");
    BOOST_TEST(ended[2].outcome == outcome::completed);
    BOOST_TEST(requests.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
