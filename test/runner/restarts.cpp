#include "print.hpp"
#include "runner/machine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace restarts {

using strings = std::vector<std::string>;

} // namespace restarts

BOOST_FIXTURE_TEST_SUITE(restarts, machine)

BOOST_AUTO_TEST_CASE(what_passed_while_down_is_caught_up_with)
{
    const schedule s{.every = 15min};
    start({make("a", s)});
    run_for(20min);
    kill();
    run_for(50min);
    start({make("a", s)});
    run_for(6min);
    BOOST_TEST(instants("a") == (strings{"00:15:00", "01:00:00", "01:15:00"}), test::per_element());
    BOOST_TEST(times("a") == (std::vector<microseconds>{15min, 70min, 75min}), test::per_element());
    BOOST_REQUIRE_EQUAL(missed.size(), 1U);
    BOOST_TEST(
        missed[0] == (missed_record{"a", monday + 30min, monday + 45min, 2, reason::coalesced}));
    BOOST_TEST(store.missed().at(0) == missed[0]);
    kill();
}

BOOST_AUTO_TEST_CASE(a_job_that_never_ran_is_known_after_a_restart)
{
    const schedule daily = schedule_from_cron("0 2 * * *").value();
    start({make("a", daily)});
    kill();
    run_for(3h);
    start({make("a", daily)});
    run_for(1s);
    BOOST_TEST(instants("a") == strings{"02:00:00"}, test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(caught_up_runs_follow_one_another)
{
    schedule s{.every = 10min};
    s.catch_up = catch_up_policy::all;
    start({make("a", s)});
    kill();
    run_for(35min);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 20ms); };
    start({make("a", s)});
    run_for(150ms);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 30s); };
    run_for(2min);
    BOOST_TEST(instants("a") == (strings{"00:10:00", "00:20:00", "00:30:00"}), test::per_element());
    BOOST_TEST(
        times("a") == (std::vector<microseconds>{35min, 35min + 100ms, 35min + 200ms}),
        test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(what_is_still_owed_survives_a_kill)
{
    schedule s{.every = 10min};
    s.catch_up = catch_up_policy::all;
    start({make("a", s)});
    kill();
    run_for(35min);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 1min); };
    start({make("a", s)});
    run_for(90s); // the second goes
    kill();
    start({make("a", s)});
    run_for(2min);
    BOOST_TEST(
        instants("a") == (strings{"00:10:00", "00:20:00", "00:20:00", "00:30:00"}),
        test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(a_pause_is_remembered)
{
    const schedule s{.every = 10min};
    start({make("a", s), make("b", after{{"a"}})});
    BOOST_TEST(daemon->pause("nobody").error() == errc::no_such_job);
    BOOST_TEST(daemon->pause("b").error() == errc::no_schedule);
    BOOST_TEST(daemon->pause("a").has_value());
    BOOST_TEST(daemon->is_paused("a"));
    run_for(25min);
    kill();
    start({make("a", s), make("b", after{{"a"}})});
    BOOST_TEST(daemon->is_paused("a"));
    run_for(10min);
    BOOST_TEST(requests.empty());
    daemon->async_trigger("a", asio::detached); // by hand it runs
    run_for(1s);
    BOOST_TEST(requests.size() == 2U);
    BOOST_TEST(daemon->resume("a").has_value());
    run_for(5min);
    BOOST_TEST(instants("a").back() == "00:40:00");
    BOOST_TEST(missed.empty());
    kill();
}

BOOST_AUTO_TEST_CASE(what_is_owed_from_the_future_comes_in_its_time)
{
    schedule s{.every = 1h};
    s.catch_up = catch_up_policy::all;
    start({make("a", s)});
    run_for(10min);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 10s); };
    time.step(24h);
    run_for(25s); // three of a day's
    BOOST_TEST(instants("a").size() == 3U);
    time.step(-24h);
    run_for(30min);
    BOOST_TEST(instants("a").size() == 3U);
    run_for(20min);
    // It has come before, under its own name.
    BOOST_TEST(
        field(requests.back().request, "Carillon-Scheduled-At") == "2026-01-05T01:00:00.000001Z");
    BOOST_TEST(times("a").back() == 1h);
    kill();
}

BOOST_AUTO_TEST_CASE(a_job_that_was_away_has_no_silent_hour)
{
    const std::vector<job> jobs{make("a", schedule{.every = 15min})};
    start(jobs);
    run_for(2h);
    kill();
    start({make("b", schedule{.every = 24h})});
    kill();
    start(jobs);
    run_for(1min);
    time.step(-1h);
    run_for(59min + 30s);
    BOOST_TEST(requests.size() == 12U);
    std::vector<std::string> keys;
    for (const auto& r : requests) keys.push_back(field(r.request, "Idempotency-Key"));
    BOOST_TEST(keys.back() == "a@2026-01-05T02:00:00.000001Z");
    std::sort(keys.begin(), keys.end());
    BOOST_TEST(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    kill();
}

BOOST_AUTO_TEST_CASE(a_suspend_is_downtime)
{
    // Both clocks go on while nothing runs; afterwards the timer of before is long due.
    schedule none{.every = 15min};
    none.catch_up = catch_up_policy::none;
    start(
        {make("once", schedule{.every = 15min}),
         make("boot", schedule{.every = 15min, .on_boot = 5min}), make("none", none)});
    run_for(16min);
    time.advance_to(monday + 10h + 16min + 30s);
    run_for(0s);
    BOOST_TEST(instants("once") == (strings{"00:15:00", "10:15:00"}), test::per_element());
    BOOST_TEST(instants("boot") == (strings{"00:05:00", "10:05:00"}), test::per_element());
    BOOST_TEST(instants("none") == strings{"00:15:00"}, test::per_element());
    std::sort(missed.begin(), missed.end(), [](const auto& a, const auto& b) {
        return a.chain < b.chain;
    });
    BOOST_TEST(
        missed == (std::vector<missed_record>{
                      {"boot", monday + 20min, monday + 9h + 50min, 39, reason::coalesced},
                      {"none", monday + 30min, monday + 10h + 15min, 40, reason::window},
                      {"once", monday + 30min, monday + 10h, 39, reason::coalesced}}),
        test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(a_changed_catch_up_counts_for_what_is_owed)
{
    schedule s{.every = 10min};
    s.catch_up = catch_up_policy::all;
    for (const auto policy : {catch_up_policy::none, catch_up_policy::once}) {
        start({make("a", s)});
        kill();
        run_for(45min);
        answer = [](const http::request&) { return http::reply_with(200, "{}", 30s); };
        start({make("a", s)});
        run_for(1s);
        schedule other = s;
        other.catch_up = policy;
        missed.clear();
        daemon->set_jobs(job_set::create({make("a", other)}).value());
        run_for(1min);
        BOOST_REQUIRE_EQUAL(missed.size(), 1U);
        const bool is_once = policy == catch_up_policy::once;
        BOOST_TEST(missed[0].reason == (is_once ? reason::coalesced : reason::window));
        BOOST_TEST(missed[0].count == 3);
        daemon->set_jobs({});
        kill();
    }
}

BOOST_AUTO_TEST_CASE(a_drain_loses_nothing_that_was_missed)
{
    start({make("a", schedule{.every = 1h})});
    kill();
    run_for(29h + 30min);
    connection = store.connect();
    daemon = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, *connection);
    std::vector<reason> skipped;
    daemon->on_event([&](const event& e) {
        if (std::holds_alternative<firing_began>(e)) daemon->async_drain(asio::detached);
        if (const auto* s = std::get_if<run_skipped>(&e)) skipped.push_back(s->reason);
    });
    daemon->set_jobs(job_set::create({make("a", schedule{.every = 1h})}).value());
    daemon->async_run(asio::detached);
    run_for(1s);
    BOOST_TEST(skipped.empty());
    kill();
    start({make("a", schedule{.every = 1h})});
    run_for(1s);
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(missed.at(0).count == 28);
    kill();
}

BOOST_AUTO_TEST_CASE(a_step_is_seen_before_a_pause_a_resume_and_a_drain)
{
    const schedule s{.every = 10min, .on_boot = 5min};
    start({make("a", s)});
    run_for(6min);
    time.step(1h); // nobody has been told yet
    BOOST_TEST(daemon->pause("a").has_value());
    run_for(1s);
    BOOST_TEST(missed.empty());
    BOOST_TEST(requests.size() == 1U);
    time.step(1h);
    BOOST_TEST(daemon->resume("a").has_value());
    BOOST_TEST(daemon->next_due("a") == monday + 2h + 15min);
    time.step(1h);
    daemon->async_drain(asio::detached);
    run_for(1s);
    BOOST_TEST(missed.empty());
    kill();
}

BOOST_AUTO_TEST_CASE(a_listener_may_change_the_jobs_within_a_pause)
{
    answer = [](const http::request&) { return http::reply_with(200, "{}", 25s); };
    std::vector<job> jobs;
    for (int i = 0; i < 50; ++i)
        jobs.push_back(make("j" + std::to_string(i), schedule{.every = 10s}));
    start(jobs);
    daemon->on_event([&, done = false](const event& e) mutable {
        if (!std::holds_alternative<run_skipped>(e) || std::exchange(done, true)) return;
        daemon->set_jobs(job_set::create({make("z", schedule{.every = 10s})}).value());
    });
    run_for(15s);
    time.advance_to(monday + 20s); // due, and not looked at yet
    BOOST_TEST(daemon->pause("j9").error() == errc::no_such_job);
    kill();
}

BOOST_AUTO_TEST_CASE(without_a_claim_nothing_is_sent_and_it_is_told)
{
    faulty_store faulty(ctx.get_executor(), time, store);
    faulty.choose = [](faulty_store::operation what) -> faulty_store::fault {
        if (what == faulty_store::operation::claim) return {.ec = asio::error::no_buffer_space};
        return {};
    };
    carillon::runner tested(ctx.get_executor(), time, transport, faulty);
    std::vector<std::string> told;
    tested.on_event([&](const event& e) {
        if (const auto* f = std::get_if<store_failed>(&e))
            told.push_back("failed " + std::to_string(f->error == asio::error::no_buffer_space));
        if (const auto* m = std::get_if<runs_missed>(&e))
            told.push_back(std::string(to_string(m->reason)) + " " + format_utc(m->from));
    });
    tested.set_jobs(job_set::create({make("a", schedule{.every = 10min})}).value());
    tested.async_run(asio::detached);
    run_for(21min); // the instant waits until a newer one has passed
    BOOST_TEST(
        told == (strings{"failed 1", "store 2026-01-05T00:10:00.000000Z"}), test::per_element());
    BOOST_TEST(requests.empty());
    tested.async_drain(asio::detached);
    run_for(1s);
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_ends_the_run)
{
    faulty_store unreadable(ctx.get_executor(), time, store);
    unreadable.choose = [](faulty_store::operation what) {
        BOOST_TEST(what == faulty_store::operation::load);
        return faulty_store::fault{.ec = asio::error::no_permission};
    };
    carillon::runner tested(ctx.get_executor(), time, transport, unreadable);
    tested.set_jobs(job_set::create({make("a", schedule{.every = 1s})}).value());
    std::optional<error_code> result;
    tested.async_run([&](error_code ec) { result = ec; });
    BOOST_TEST(tested.pause("a").error() == errc::not_running);
    run_for(10s);
    BOOST_TEST(result == asio::error::no_permission);
    BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_SUITE_END()
