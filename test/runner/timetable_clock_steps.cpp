// What a timetable makes of a clock that is set.

#include "runner/timetable_at_ten.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(timetable_clock_steps, timetable_at_ten)

BOOST_AUTO_TEST_CASE(a_step_moves_what_follows_elapsed_time_along)
{
    assign({scheduled("boot", pin_112), scheduled("wall", {.every = 15min})}, ten + 1min);
    table.clock_stepped(at(ten + 1min + 24h, ten + 24h), 24h);
    BOOST_TEST(table.next_due(0) == ten + 5min + 24h);
    // Stepped over: due at once, one run for all.
    const auto [runs, missed, changed] = take_due(ten + 1min + 24h);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].job == 1U);
    BOOST_TEST(runs[0].scheduled_at == ten + 24h);
    BOOST_TEST(missed.at(0).second.count == 95);

    table.clock_stepped(at(ten + 1min), -24h);
    BOOST_TEST(table.next_due(0) == ten + 5min);
    BOOST_TEST(table.next_due(1) == ten + 15min); // no silent day
}

BOOST_AUTO_TEST_CASE(a_step_back_loses_nothing_that_is_due_and_not_taken)
{
    // In its window until 12:05, or delayed by its jitter.
    schedule noon = schedule_from_cron("0 12 * * *", {}).value();
    noon.accuracy = 5min;
    schedule delayed = noon;
    delayed.accuracy = 0min;
    delayed.jitter = 3h;
    assign({scheduled("window", noon), scheduled("jitter", delayed)}, ten);
    table.clock_stepped(at(ten + 2h + 1min + 58s), -2s);
    BOOST_TEST(table.next_due(0) == ten + 2h);
    BOOST_TEST(table.next_due(1) == ten + 2h);
    BOOST_TEST(names(ten + 2h + 5min) == std::vector<instant>{ten + 2h}, test::per_element());
}

BOOST_AUTO_TEST_CASE(bounds_are_held_against_the_wall_times_that_ticks_have_now)
{
    schedule s{.every = 20min, .on_boot = 5min};
    s.exclude.push_back(parse_exclusion("11:*", {}).value());
    assign({scheduled("a", s)}, ten + 1min);
    for (const auto t : {5min, 25min, 45min}) BOOST_TEST(runs_due(ten + t).size() == 1U);
    BOOST_TEST(table.next_due(0) == ten + 2h + 5min);
    // At 10:50 it is 10:20: the ticks of 11:05 and 11:25 are at 10:35 and 10:55 now.
    table.clock_stepped(at(ten + 20min, ten - 30min), -30min);
    BOOST_TEST(table.next_due(0) == ten + 35min);
    BOOST_TEST(runs_due(ten + 35min).size() == 1U);
    BOOST_TEST(table.next_due(0) == ten + 55min);
    // And set on by 15 minutes, the next is excluded.
    table.clock_stepped(at(ten + 55min, ten - 15min), 15min);
    BOOST_TEST(table.next_due(0) == ten + 2h + 10min);
}

BOOST_AUTO_TEST_CASE(what_is_owed_keeps_its_name_and_waits_for_it)
{
    schedule wall{.every = 15min, .catch_up = catch_up_policy::all};
    schedule boot = pin_112;
    boot.catch_up = catch_up_policy::all;
    const std::vector<job> jobs{scheduled("wall", wall), scheduled("boot", boot)};
    assign(jobs, ten);
    busy = true;
    BOOST_TEST(take_due(ten + 62min).runs.empty()); // wall owes 10:15 to 11:00, boot 10:05 to 10:50
    const time_reading back = at(ten + 32min, ten - 30min);
    for (const bool by_restart : {false, true}) {
        timetable before = table;
        if (by_restart)
            restart(jobs, back);
        else
            table.clock_stepped(back, -30min);
        BOOST_TEST(
            table.memory_of(0).backlog.at(0) ==
            (backlog_span{{instant{}, 15min}, ten + 15min, ten + 30min, 2}));
        BOOST_TEST(table.next_due(0) == ten + 45min); // comes again
        BOOST_TEST(table.memory_of(1).backlog.at(0).from == ten + 5min);
        BOOST_TEST(table.memory_of(1).backlog.at(0).count == 4);
        BOOST_TEST(table.next_due(1) == ten + 35min);
        table = std::move(before);
    }
}

BOOST_AUTO_TEST_CASE(a_name_is_given_once)
{
    const schedule quarters{.every = 15min};
    assign({scheduled("a", quarters)}, ten);
    for (const auto due : {15min, 30min, 45min}) take_due(ten + due);
    for (const bool by_restart : {false, true}) {
        const time_reading back = at(ten + 20min, ten - 30min);
        if (by_restart)
            restart({scheduled("a", quarters)}, back);
        else
            table.clock_stepped(back, -30min);
        const auto after = by_restart ? 2us : 1us;
        BOOST_TEST(names(ten + 30min) == std::vector{ten + 30min + after}, per_element());
        BOOST_TEST(names(ten + 45min) == std::vector{ten + 45min + after}, per_element());
    }
    BOOST_TEST(names(ten + 60min) == std::vector{ten + 60min}, per_element());
}

BOOST_AUTO_TEST_CASE(what_waits_for_its_name_holds_up_nothing_newer)
{
    schedule boot = pin_112;
    boot.catch_up = catch_up_policy::all;
    assign({scheduled("a", boot)}, ten);
    busy = true;
    take_due(ten + 62min); // owes 10:05 to 10:50
    const instant past = ten - 24h * 365;
    table.clock_stepped(at(past + 62min, past), -24h * 365);
    take_due(past + 122min); // 11:05 to 11:50, a year before
    busy = false;
    std::vector<instant> ran;
    for (instant now = past + 122min; now < past + 125min; now += 30s) {
        table.release(0, now);
        for (const instant name : names(now)) ran.push_back(name);
    }
    BOOST_TEST(
        ran == (std::vector{past + 65min, past + 80min, past + 95min, past + 110min}),
        per_element());
}

BOOST_AUTO_TEST_CASE(owed_ticks_of_elapsed_time_run_whatever_the_clock_is_set_to)
{
    schedule boot = pin_112;
    boot.catch_up = catch_up_policy::all;
    assign({scheduled("a", boot)}, ten);
    for (const auto due : {5min, 20min, 35min, 50min}) take_due(ten + due);
    table.clock_stepped(at(ten, ten - 1h), -1h);
    busy = true;
    take_due(ten + 40min); // owes three, whose names have been used
    busy = false;
    table.clock_stepped(at(ten + 100min, ten), 1h);
    std::vector<instant> ran;
    for (instant now = ten + 100min; now < ten + 104min; now += 1min) {
        table.release(0, now);
        for (const instant name : names(now)) ran.push_back(name);
    }
    BOOST_TEST(
        ran == (std::vector{ten + 5min + 1us, ten + 20min + 1us, ten + 35min + 1us}),
        per_element());
}

BOOST_AUTO_TEST_CASE(a_tick_that_is_put_back_after_a_step_has_moved_with_it)
{
    assign({scheduled("a", pin_112)}, ten);
    for (const bool later : {false, true}) {
        const microseconds by = later ? -24h : 7min;
        table = {};
        assign({scheduled("a", pin_112)}, ten);
        const auto taken = runs_due(ten + 5min);
        table.clock_stepped(at(ten + 5min + by, ten + by), by);
        table.put_back(taken, ten + 5min + by);
        BOOST_TEST(names(ten + 5min + by) == std::vector{ten + 5min + by}, per_element());
        BOOST_TEST(table.next_due(0) == ten + 20min + by);
    }
}

BOOST_AUTO_TEST_CASE(what_a_step_forward_comes_to_once_more_does_not_run_again)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    take_due(ten + 15min);
    take_due(ten + 30min);
    table.clock_stepped(at(ten + 10min, ten - 20min), -20min);
    table.clock_stepped(at(ten + 30min + 5s, ten), 20min);
    BOOST_TEST(names(ten + 30min + 5s).empty());
    BOOST_TEST(names(ten + 45min) == std::vector{ten + 45min}, per_element());
}

BOOST_AUTO_TEST_CASE(a_point_of_time_that_had_its_turn_is_not_judged_again)
{
    schedule s = schedule_from_cron("0 10-13 * * *").value();
    for (const auto policy : {catch_up_policy::none, catch_up_policy::once, catch_up_policy::all}) {
        s.catch_up = policy;
        table = {};
        assign({scheduled("a", s)}, ten + 30min);
        BOOST_TEST(names(ten + 1h) == std::vector{ten + 1h}, per_element());
        BOOST_TEST(names(ten + 2h) == std::vector{ten + 2h}, per_element());
        table.clock_stepped(at(ten - 30min, ten - 150min), -150min); // and the machine sleeps
        const due_work work = take_due(ten + 3h);
        std::vector<instant> ran;
        for (const due_run& r : work.runs) ran.push_back(r.scheduled_at);
        std::vector<instant> passed;
        for (const auto& [j, m] : work.missed) passed.push_back(m.from);
        if (policy == catch_up_policy::all) {
            BOOST_TEST(ran == (std::vector{ten + 3h, ten}), per_element());
            BOOST_TEST(passed.empty());
            continue;
        }
        BOOST_TEST(ran == std::vector{ten + 3h}, per_element());
        BOOST_TEST(passed == std::vector{ten}, per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
