// What a timetable keeps over restarts and boots.

#include "runner/timetable_at_ten.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(timetable_restarts, timetable_at_ten)

BOOST_AUTO_TEST_CASE(a_restart_in_the_same_boot_moves_no_tick)
{
    // Worked example 9: boot 10:00; restart at 10:27; down from 10:31 to 10:53.
    assign({scheduled("a", pin_112)}, ten + 30s);
    BOOST_TEST(runs_due(ten + 5min).size() == 1U);
    BOOST_TEST(runs_due(ten + 20min).size() == 1U);

    restart({scheduled("a", pin_112)}, at(ten + 27min));
    BOOST_TEST(change.missed.empty());
    BOOST_TEST(change.changed.empty());
    BOOST_TEST(wake_of(table) == ten + 35min);

    restart({scheduled("a", pin_112)}, at(ten + 53min));
    const auto [runs, missed, changed] = take_due(ten + 53min);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].scheduled_at == ten + 50min);
    BOOST_TEST(runs[0].caught_up);
    BOOST_TEST(
        missed.at(0).second == (missed_part{ten + 35min, ten + 35min, 1, reason::coalesced}));
    BOOST_TEST(wake_of(table) == ten + 65min);
}

BOOST_AUTO_TEST_CASE(after_a_new_boot_the_first_tick_catches_up)
{
    // Worked example 10: the machine is off from 11:10 to 13:00.
    assign({scheduled("a", pin_112)}, ten + 30s);
    BOOST_TEST(runs_due(ten + 65min).size() == 1U); // 11:05
    restart({scheduled("a", pin_112)}, second_boot(ten + 3h + 30s));
    BOOST_REQUIRE_EQUAL(change.missed.size(), 1U);
    BOOST_TEST(
        change.missed[0].second == (missed_part{ten + 80min, ten + 170min, 7, reason::coalesced}));
    BOOST_TEST(wake_of(table) == ten + 185min);
    const auto [runs, missed, changed] = take_due(ten + 185min);
    BOOST_TEST(runs.at(0).scheduled_at == ten + 185min);
    BOOST_TEST(!runs.at(0).caught_up);
    BOOST_TEST(missed.empty());
    BOOST_TEST(wake_of(table) == ten + 200min);
}

BOOST_AUTO_TEST_CASE(a_late_start_in_a_new_boot_runs_its_latest_tick)
{
    assign({scheduled("a", pin_112)}, ten + 30s);
    BOOST_TEST(runs_due(ten + 65min).size() == 1U);
    restart({scheduled("a", pin_112)}, second_boot(ten + 3h + 30min));
    const auto [runs, missed, changed] = take_due(ten + 3h + 30min);
    BOOST_TEST(runs.at(0).scheduled_at == ten + 3h + 20min);
    BOOST_TEST(
        missed.at(0).second ==
        (missed_part{ten + 3h + 5min, ten + 3h + 5min, 1, reason::coalesced}));
}

BOOST_AUTO_TEST_CASE(without_catch_up_a_new_boot_waits_for_its_next_tick)
{
    schedule s = pin_112;
    s.catch_up = catch_up_policy::none;
    assign({scheduled("a", s)}, ten + 7min);
    BOOST_TEST(wake_of(table) == ten + 20min); // at first sight, too
    restart({scheduled("a", s)}, second_boot(ten + 3h + 20min + 1s));
    BOOST_REQUIRE_EQUAL(change.missed.size(), 2U);
    BOOST_TEST(
        change.missed[0].second == (missed_part{ten + 20min, ten + 170min, 11, reason::window}));
    BOOST_TEST(
        change.missed[1].second == (missed_part{ten + 185min, ten + 200min, 2, reason::window}));
    BOOST_TEST(wake_of(table) == ten + 215min);
}

BOOST_AUTO_TEST_CASE(what_is_owed_from_before_a_boot_waits_for_its_jitter)
{
    schedule s{.every = 1h, .on_boot = 1min, .jitter = 10min};
    s.catch_up = catch_up_policy::all;
    const instant last = ten + 61min;
    const instant boot = last + 30s;
    for (const std::string name : {"a", "b", "c", "d"}) {
        table = {};
        assign({scheduled(name, s)}, ten);
        take_due(ten + 20min); // 10:01
        time_reading after = at(boot + 10s, boot);
        after.boot_id = {{2}};
        restart({scheduled(name, s)}, after);
        const instant due = last + jitter_of(name, 10min, last, last + 1h);
        const instant wake = std::max(due, boot + 1min);
        BOOST_TEST(table.memory_of(0).backlog.size() == 1U);
        const auto owed = [&](instant now) {
            std::vector<instant> out;
            for (const due_run& r : runs_due(now))
                if (r.is_from_backlog) out.push_back(r.scheduled_at);
            return out;
        };
        BOOST_TEST(owed(wake - 1us).empty());
        BOOST_TEST(owed(wake) == std::vector{last}, per_element());
    }
}

BOOST_AUTO_TEST_CASE(what_is_owed_from_before_a_boot_needs_no_first_tick_that_is_due)
{
    schedule s = pin_112;
    s.catch_up = catch_up_policy::all;
    s.exclude.push_back(parse_exclusion("*-*-* 13:05..14:00", {}).value());
    assign({scheduled("a", s)}, ten);
    for (instant t = ten + 5min; t < ten + 170min; t += 15min) take_due(t);
    restart({scheduled("a", s)}, second_boot(ten + 3h + 30s));
    BOOST_TEST(names(ten + 3h + 5min - 1us).empty());
    BOOST_TEST(names(ten + 3h + 5min) == std::vector{ten + 170min}, per_element());
}

BOOST_AUTO_TEST_CASE(what_is_owed_from_before_a_boot_waits_for_its_first_tick)
{
    schedule s = pin_112;
    s.catch_up = catch_up_policy::all;
    s.catch_up_limit = 2;
    assign({scheduled("a", s)}, ten + 30s);
    for (const auto t : {5min, 20min, 35min, 50min, 65min})
        BOOST_TEST(runs_due(ten + t).size() == 1U);
    restart({scheduled("a", s)}, second_boot(ten + 3h + 30s));
    BOOST_TEST(
        change.missed.at(0).second == (missed_part{ten + 80min, ten + 140min, 5, reason::limit}));
    BOOST_TEST(wake_of(table) == ten + 185min);
    // The tick itself comes first, and behind it what is owed, the oldest first.
    BOOST_TEST(
        names(ten + 185min) == (std::vector<instant>{ten + 185min, ten + 155min}),
        test::per_element());
    BOOST_TEST(names(ten + 187min).empty());
    // It is still owed after a restart, and not before the time is up.
    restart({scheduled("a", s)}, second_boot(ten + 188min));
    BOOST_TEST(names(ten + 188min) == std::vector<instant>{ten + 170min}, test::per_element());
    BOOST_TEST(!table.release(0, ten + 189min));
}

BOOST_AUTO_TEST_CASE(a_start_begins_a_grid_of_its_own)
{
    const schedule s{.every = 1h, .on_start = 1min};
    assign({scheduled("a", s)}, ten);
    BOOST_TEST(runs_due(ten + 1min).size() == 1U);
    time_reading later = at(ten + 150min);
    later.origins.start = later.now;
    later.start = 150min;
    restart({scheduled("a", s)}, later);
    BOOST_TEST(
        change.missed.at(0).second ==
        (missed_part{ten + 61min, ten + 121min, 2, reason::coalesced}));
    BOOST_TEST(wake_of(table) == ten + 151min);
}

BOOST_AUTO_TEST_CASE(a_clock_set_while_down_moves_the_grid_along)
{
    assign({scheduled("a", pin_112)}, ten + 30s);
    BOOST_TEST(runs_due(ten + 20min).size() == 1U);
    restart({scheduled("a", pin_112)}, at(ten + 22min + 24h, ten + 24h));
    BOOST_TEST(change.missed.empty());
    BOOST_TEST(wake_of(table) == ten + 35min + 24h);
    // A difference within a second is no step, and keeps the names.
    restart({scheduled("a", pin_112)}, at(ten + 23min + 24h, ten + 24h + 3us));
    BOOST_TEST(wake_of(table) == ten + 35min + 24h);
}

BOOST_AUTO_TEST_CASE(a_restart_after_a_visit_to_the_future_goes_on_from_now)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    BOOST_TEST(runs_due(ten + 24h * 3650).size() == 1U);
    restart({scheduled("a", {.every = 15min})}, at(ten + 1h));
    BOOST_TEST(wake_of(table) == ten + 75min);
}

BOOST_AUTO_TEST_CASE(another_schedule_owes_nothing_after_a_restart)
{
    assign(
        {scheduled("a", {.every = 15min}), scheduled("b", pin_112), scheduled("c", pin_112)}, ten);
    restart(
        {scheduled("a", {.every = 20min}), scheduled("b", {.every = 15min, .on_boot = 6min})},
        at(ten + 1h + 1s));
    BOOST_TEST(table.next_due(0) == ten + 80min);
    BOOST_TEST(table.next_due(1) == ten + 66min);
    BOOST_TEST(change.forgotten == std::vector<std::string>{"c"}, test::per_element());
    // In a new boot it is seen for the first time.
    restart({scheduled("b", {.every = 15min, .on_boot = 7min})}, second_boot(ten + 3h + 30min));
    BOOST_TEST(table.next_due(0) == ten + 3h + 22min);
}

BOOST_AUTO_TEST_CASE(a_job_that_was_disabled_owes_nothing_after_a_restart)
{
    assign({scheduled("a", {.every = 15min}, false)}, ten);
    restart({scheduled("a", {.every = 15min})}, at(ten + 1h + 1s));
    BOOST_TEST(wake_of(table) == ten + 75min);
    restart({scheduled("a", {.every = 15min}, false)}, at(ten + 2h));
    BOOST_TEST(change.changed.size() == 1U);
    BOOST_TEST(!wake_of(table));
}

BOOST_AUTO_TEST_SUITE_END()
