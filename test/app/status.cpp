#include "commands/status.hpp"

#include "print.hpp"
#include "store_fixture.hpp"
#include <carillon/time/schedule.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace status_of_jobs {

/** A machine that booted at t0, two hours later. */
struct store_of_six_jobs : store_fixture {
    virtual_time time{ctx.get_executor(), t0 + 2h, 2h};
    std::shared_ptr<const job_set> jobs = std::make_shared<const job_set>(
        job_set::create(
            {{.name = "a",
              .title = "the first",
              .trigger = schedule{.every = 15min},
              .url = "http://h/"},
             {.name = "b", .trigger = after{{"a", condition::finished}}, .url = "http://h/"},
             {.name = "paused", .trigger = schedule{.every = 1h}, .url = "http://h/"},
             {.name = "off",
              .enabled = false,
              .trigger = schedule{.every = 1h},
              .url = "http://h/"},
             {.name = "start", .trigger = schedule{.on_start = 1h}, .url = "http://h/"},
             {.name = "hand", .url = "http://h/"}})
            .value());

    void fill()
    {
        record(make("a", 0s, 2s, {completed("a", 1s), completed("b", 1s)}));
        record(make("a", 15min, 2s, {completed("a", 8s), unreachable("b")}));
        record(make("b", 20min, 1s, {completed("b", 4s)})); // by hand
        const auto memory = [&](const char* name, instant next, bool is_paused = false) {
            const auto& j = (*jobs)[*jobs->find(name)];
            const auto& s = std::get<schedule>(j.trigger);
            return job_memory{
                .job = name,
                .schedule = identity_of_instants(s),
                .next = next,
                .paused = is_paused};
        };
        job_memory start = memory("start", t0 + 3h);
        start.boot = time.boot_id(); // of a daemon that started an hour after the boot
        start.origin = 1h;
        start.anchor = t0 + 2h;
        start.next = t0 + 2h;
        keep(
            {.memories = {memory("a", t0 + 135min), memory("paused", instant::max(), true), start}},
            t0);
    }

    status_report read()
    {
        sqlite_store_reader reader(path);
        return read_status(reader, *jobs, time);
    }
};

} // namespace status_of_jobs

BOOST_FIXTURE_TEST_SUITE(status_of_jobs, store_of_six_jobs)

BOOST_AUTO_TEST_CASE(a_table_shows_each_job)
{
    fill();
    claim(make("hand", 119min, 0s, {}));
    const auto at = [&](microseconds after) { return format_local(t0 + after); };
    BOOST_TEST(
        as_table(read(), *jobs, t0 + 2h, {}) ==
        "daemon: running\n\n"
        "job     state         last       at                                  next             "
        "                     recent  why\n"
        "a       ok            completed  " +
            at(8s) + " (2h ago)  " + at(135min) + " (in 15min)  ▂█\n" +
            "b       ok            completed  " + at(4s) +
            " (2h ago)  -                                     ▃✗█\n" +
            "paused  paused        -          -                                   -\n"
            "off     disabled      -          -                                   -\n"
            "start   new           -          -                                   now\n"
            "hand    new, running  -          -                                   -\n");
}

BOOST_AUTO_TEST_CASE(without_a_daemon_nothing_fires)
{
    fill();
    claim(make("hand", 119min, 0s, {}));
    time.advance_to(t0 + 140min);
    store.reset();
    const status_report r = read();
    BOOST_TEST(!r.has_daemon);
    const std::string text = as_table(r, *jobs, time.now(), {});
    BOOST_TEST(text.starts_with("daemon: not running, so nothing fires\n\n"), text);
    BOOST_TEST(text.find("  when the daemon starts  ▂█\n") != std::string::npos, text);
    BOOST_TEST(text.find("\nhand    failing   interrupted  ") != std::string::npos, text);
    // It counts from the next start, which nobody knows.
    BOOST_TEST(!r.jobs[4].next.has_value());
}

BOOST_AUTO_TEST_CASE(a_store_may_know_nothing_yet)
{
    const status_report r = read();
    BOOST_TEST(!r.jobs[0].next.has_value());
    BOOST_TEST(r.jobs[0].recent.empty());
    BOOST_TEST(!r.jobs[1].next.has_value());
    BOOST_TEST(!r.jobs[3].next.has_value());
}

BOOST_AUTO_TEST_CASE(programs_get_json)
{
    fill();
    const std::string text = as_json(read(), *jobs);
    BOOST_TEST(
        text.starts_with(
            R"({"jobs":[{"job":"a","title":"the first","chain":"a","enabled":true,"paused":false,)"
            R"("schedule":"every 15min","next":"2026-03-01T11:15:00.000000Z","running":0,)"
            R"("last":{"run":"019ca8b1-0000-7000-8000-100000000002",)"),
        text);
    BOOST_TEST(
        text.find(
            R"({"job":"paused","title":"paused","chain":"paused","enabled":true,"paused":true,)"
            R"("schedule":"every 1h","next":null,"running":0,"last":null,)"
            R"("state":"paused","why":"its schedule is paused"})") != std::string::npos,
        text);
}

BOOST_AUTO_TEST_CASE(jitter_is_shown)
{
    jobs = std::make_shared<const job_set>(
        job_set::create(
            {{.name = "a", .trigger = schedule{.every = 1h, .jitter = 10min}, .url = "http://h/"}})
            .value());
    const instant at = t0 + 3h;
    const microseconds delay = jitter_of("a", 10min, at, at + 1h);
    const auto identity = identity_of_instants(std::get<schedule>((*jobs)[0].trigger));
    keep({.memories = {{.job = "a", .schedule = identity, .next = at}}}, t0);
    const status_report r = read();
    BOOST_TEST(r.jobs[0].next == at);
    BOOST_TEST(r.jobs[0].next_delay == delay);
    BOOST_TEST(as_table(r, *jobs, t0 + 2h, {}).find(format_local(at) + " + ") != std::string::npos);
    BOOST_TEST(as_json(r, *jobs).find("\"due\":\"" + format_utc(at + delay)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_was_planned_under_another_schedule_is_not_shown)
{
    fill();
    jobs = std::make_shared<const job_set>(
        job_set::create({{.name = "a", .trigger = schedule{.every = 20min}, .url = "http://h/"}})
            .value());
    BOOST_TEST(!read().jobs[0].next.has_value());
}

BOOST_AUTO_TEST_CASE(ten_runs_are_recent)
{
    for (int i = 0; i < 12; ++i) record(make("a", i * 1min, 1s, {completed("a")}));
    const status_report r = read();
    BOOST_REQUIRE_EQUAL(r.jobs[0].recent.size(), 10U);
    BOOST_TEST(r.jobs[0].recent.front()->scheduled_at == t0 + 11min);
}

/** The state of the first job, and why. */
std::string first_state(const status_report& r)
{
    const explained_state& c = r.jobs[0].state;
    return std::string(to_string(c.state)) + ": " + c.why;
}

BOOST_AUTO_TEST_CASE(a_job_that_fails_says_why)
{
    record(make("a", 0s, 2s, {unreachable("a")}));
    BOOST_TEST(first_state(read()).starts_with("failing: its last run ended as unreachable: "));
    BOOST_TEST(
        as_table(read(), *jobs, t0 + 2h, {}).find("its last run ended as unreachable") !=
        std::string::npos);
    BOOST_TEST(
        as_json(read(), *jobs).find(R"("state":"failing","why":"its last run)") !=
        std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_job_that_was_skipped_in_its_chain_keeps_its_state)
{
    record(make("a", 0s, 2s, {completed("a", 1s), completed("b", 1s)}));
    job_record skipped{.job = "b"};
    skipped.outcome = outcome::skipped;
    skipped.reason = reason::condition;
    record(make("a", 15min, 2s, {unreachable("a"), skipped}));
    BOOST_TEST((read().jobs[1].state.state == job_state::ok));
    BOOST_TEST((read().jobs[0].state.state == job_state::failing));
}

BOOST_AUTO_TEST_CASE(instants_that_came_to_no_run_are_losses)
{
    const auto lose = [&](microseconds from, microseconds to, std::int64_t count, reason why) {
        keep({.missed = {{"a", t0 + from, t0 + to, count, why}}}, t0);
    };
    lose(0min, 30min, 3, reason::coalesced);
    record(make("a", 45min, 2s, {completed("a", 1s)}));
    lose(60min, 60min, 1, reason::overlap);
    BOOST_TEST(
        first_state(read()) == "losing: 4 of its last 5 instants got no run; the newest: the "
                               "previous run was still running");
    for (int i = 5; i < 12; ++i) record(make("a", i * 15min, 2s, {completed("a", 1s)}));
    BOOST_TEST(
        first_state(read()) == "losing: 2 of its last 10 instants got no run; the newest: the "
                               "previous run was still running");
    for (int i = 12; i < 15; ++i) record(make("a", i * 15min, 2s, {completed("a", 1s)}));
    BOOST_TEST(first_state(read()).starts_with("ok: "));
}

BOOST_AUTO_TEST_CASE(runs_that_were_skipped_are_losses_and_runs_by_hand_are_no_instants)
{
    const auto by_hand = [&](microseconds after) {
        run_record r = make("a", after, 2s, {completed("a", 1s)});
        r.trigger = run_trigger::manual;
        record(r);
    };
    run_record skipped = make("a", 0s, 0s, {});
    skipped.outcome = outcome::skipped;
    skipped.reason = reason::overlap;
    record(skipped);
    for (int i = 1; i < 12; ++i) by_hand(i * 1min);
    BOOST_TEST(
        first_state(read()) ==
        "losing: 1 of its last 1 instants got no run; the newest: the previous run was still "
        "running");
}

BOOST_AUTO_TEST_CASE(a_job_that_was_often_skipped_keeps_its_state)
{
    record(make("a", 0s, 2s, {completed("a", 1s), unreachable("b")}));
    job_record skipped{.job = "b"};
    skipped.outcome = outcome::skipped;
    skipped.reason = reason::condition;
    for (int i = 1; i < 15; ++i) record(make("a", i * 15min, 2s, {completed("a", 1s), skipped}));
    BOOST_TEST((read().jobs[1].state.state == job_state::failing));
}

BOOST_AUTO_TEST_CASE(a_run_that_was_caught_up_with_late_is_late)
{
    run_record r = make("a", 0s, 2s, {completed("a", 1s)});
    r.trigger = run_trigger::catch_up;
    r.lateness = 7h;
    record(r);
    BOOST_TEST(first_state(read()) == "late: its last run started 7h late");
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_wrong_does_not_hide_what_came_later)
{
    record(make("a", 24h * 3650, 2s, {unreachable("a")}));
    record(make("a", 15min, 2s, {completed("a", 1s)}));
    BOOST_TEST((read().jobs[0].state.state == job_state::ok));
}

BOOST_AUTO_TEST_SUITE_END()
