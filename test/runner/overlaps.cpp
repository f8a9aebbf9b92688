// What happens when a chain is due while its last run has not ended.

#include "print.hpp"
#include "runner/machine.hpp"
#include "runner/slots/admission.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace overlaps {

using strings = std::vector<std::string>;

/** A machine with a job each minute, whose runs may take longer than that. */
struct long_runs : machine {
    long_runs()
    {
        answer = [this](const http::request&) { return http::reply_with(200, "{}", takes); };
    }

    /** `a` each minute, each run taking so long. */
    void play(overlap_policy policy, microseconds span, microseconds duration)
    {
        takes = duration;
        job a = make("a", schedule{.every = 1min});
        a.overlap = policy;
        a.timeout = 1h;
        start({a});
        daemon->on_event([this](const event& e) {
            if (const auto* s = std::get_if<run_skipped>(&e))
                told.push_back(
                    std::string(to_string(s->reason)) + " " +
                    format_utc(s->scheduled_at).substr(11, 8));
            if (const auto* p = std::get_if<overlap_persists>(&e))
                told.push_back("persists " + std::to_string(p->in_a_row));
        });
        run_for(span);
    }

    strings outcomes() const
    {
        strings out;
        for (const run_record& r : store.runs("a"))
            out.push_back(
                std::string(to_string(*r.outcome)) + " " +
                format_utc(r.scheduled_at).substr(11, 8));
        return out;
    }

    microseconds takes{0};
    strings told;
};

/** A job that owes five instants when its machine comes back, whose runs take longer than from one
 * instant to the next. */
struct backlog_of_long_runs : long_runs {
    void play_backlog(overlap_policy policy)
    {
        takes = 90s;
        job a = make("a", schedule{.every = 1min, .catch_up = catch_up_policy::all});
        a.overlap = policy;
        a.timeout = 1h;
        start({a});
        run_for(30s);
        kill();
        run_for(5min);
        start({a});
        run_for(30min);
    }

    /** How many of the five were sent, each once. */
    std::int64_t sent_once() const
    {
        const strings all = instants("a");
        std::int64_t out = 0;
        for (int i = 1; i <= 5; ++i)
            out += std::count(
                       all.begin(), all.end(), format_utc(monday + i * 1min).substr(11, 8)) == 1;
        return out;
    }
};

} // namespace overlaps

BOOST_FIXTURE_TEST_SUITE(overlaps, long_runs)

BOOST_AUTO_TEST_CASE(skip_sends_nothing_and_says_so)
{
    play(overlap_policy::skip, 7min + 30s, 3min + 30s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:05:00"}), test::per_element());
    BOOST_TEST(
        told == (strings{
                    "overlap 00:02:00", "overlap 00:03:00", "overlap 00:04:00", "persists 3",
                    "overlap 00:06:00", "overlap 00:07:00"}),
        test::per_element());
    BOOST_TEST(store.missed().size() == 5U);
    BOOST_TEST(
        store.missed().at(0) ==
        (missed_record{"a", monday + 2min, monday + 2min, 1, reason::overlap}));
    kill();
}

BOOST_AUTO_TEST_CASE(queue_lets_one_wait)
{
    play(overlap_policy::queue, 6min + 45s, 2min + 20s);
    // The third takes the second's place, waits until 3:20 and goes until 5:40; the fifth waits for
    // it.
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:03:00", "00:05:00"}), test::per_element());
    BOOST_TEST(
        times("a") == (std::vector<microseconds>{1min, 3min + 20s, 5min + 40s}),
        test::per_element());
    BOOST_TEST(told == (strings{"overlap 00:02:00", "overlap 00:04:00"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(allow_lets_all_go)
{
    play(overlap_policy::allow, 4min + 20s, 2min + 30s);
    BOOST_TEST(
        instants("a") == (strings{"00:01:00", "00:02:00", "00:03:00", "00:04:00"}),
        test::per_element());
    BOOST_TEST(told.empty());
    BOOST_TEST(daemon->running() == 3U);
    kill();
}

BOOST_AUTO_TEST_CASE(replace_cancels_the_last_one)
{
    play(overlap_policy::replace, 3min + 30s, 2min + 30s);
    BOOST_TEST(times("a") == (std::vector<microseconds>{1min, 2min, 3min}), test::per_element());
    BOOST_TEST(
        outcomes() == (strings{"cancelled 00:01:00", "cancelled 00:02:00"}), test::per_element());
    BOOST_TEST(told.empty());
    BOOST_TEST(daemon->running() == 1U);
    kill();
}

BOOST_AUTO_TEST_CASE(what_waits_when_carillon_stops_waits_for_the_next_start)
{
    play(overlap_policy::queue, 2min + 30s, 2min);
    daemon->async_drain(asio::detached);
    run_for(1min);
    BOOST_TEST(told.empty());
    BOOST_TEST(outcomes() == strings{"completed 00:01:00"}, test::per_element());
    BOOST_TEST(instants("a").size() == 1U);
    kill();
    play(overlap_policy::queue, 10s, 1s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:02:00", "00:03:00"}), test::per_element());
    BOOST_TEST(field(requests.at(1).request, "Carillon-Attempt") == "1"); // nothing was sent
    kill();
}

BOOST_AUTO_TEST_CASE(what_waits_when_carillon_stops_is_taken_up_in_the_same_process)
{
    play(overlap_policy::queue, 2min + 30s, 2min);
    bool is_over = false;
    daemon->async_drain([&](error_code) { is_over = true; });
    run_for(1min);
    BOOST_TEST(is_over);
    takes = 1s;
    daemon->async_run(asio::detached);
    run_for(10s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:02:00", "00:03:00"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(what_waits_is_skipped_where_the_store_keeps_nothing)
{
    job a = make("a", schedule{.every = 1min});
    a.overlap = overlap_policy::queue;
    a.timeout = 1h;
    takes = 2min;
    carillon::runner tested(ctx.get_executor(), time, transport, store, {.seed = 1});
    tested.set_jobs(job_set::create({a}).value());
    tested.async_run(asio::detached);
    run_for(2min + 30s);
    tested.async_drain(asio::detached);
    run_for(1min);
    BOOST_TEST(
        outcomes() == (strings{"skipped 00:02:00", "completed 00:01:00"}), test::per_element());
    BOOST_TEST(store.runs("a").at(0).reason == reason::shutdown);
}

BOOST_AUTO_TEST_CASE(what_a_stop_cuts_off_says_so)
{
    play(overlap_policy::skip, 1min + 30s, 2min);
    asio::cancellation_signal cut;
    daemon->async_drain(asio::bind_cancellation_slot(cut.slot(), asio::detached));
    cut.emit(asio::cancellation_type::terminal);
    run_for(1s);
    BOOST_TEST(outcomes() == strings{"cancelled 00:01:00"}, test::per_element());
    BOOST_TEST(store.runs("a").at(0).reason == reason::shutdown);
    kill();
}

BOOST_FIXTURE_TEST_CASE(a_backlog_has_its_turns_beside_a_queue, backlog_of_long_runs)
{
    play_backlog(overlap_policy::queue);
    BOOST_TEST(sent_once() == 5);
    kill();
}

BOOST_FIXTURE_TEST_CASE(a_backlog_has_its_turns_where_runs_overlap, backlog_of_long_runs)
{
    play_backlog(overlap_policy::allow);
    BOOST_TEST(sent_once() == 5);
    kill();
}

BOOST_FIXTURE_TEST_CASE(a_backlog_has_its_turns_where_others_are_skipped, backlog_of_long_runs)
{
    play_backlog(overlap_policy::skip);
    BOOST_TEST(sent_once() == 5);
    kill();
}

BOOST_AUTO_TEST_CASE(what_waits_in_a_crash_is_not_lost)
{
    play(overlap_policy::queue, 2min + 30s, 2min);
    kill();
    job a = make("a", schedule{.every = 1min});
    a.overlap = overlap_policy::queue;
    takes = 1s;
    start({a});
    run_for(10s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:01:00", "00:02:00"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(an_alarm_is_raised_at_three_and_at_each_doubling)
{
    strings alarming;
    for (int n = 0; n <= 50; ++n)
        if (is_alarming(n)) alarming.push_back(std::to_string(n));
    BOOST_TEST(alarming == (strings{"3", "6", "12", "24", "48"}), test::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
