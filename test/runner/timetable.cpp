#include "runner/timetable_at_ten.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(timetables, timetable_at_ten)

BOOST_AUTO_TEST_CASE(pin_112_fires_from_the_boot_on)
{
    assign({scheduled("a", pin_112)}, ten + 30s);
    for (const auto& due : {ten + 5min, ten + 20min, ten + 35min}) {
        BOOST_TEST(wake_of(table) == due);
        const auto runs = runs_due(due);
        BOOST_REQUIRE_EQUAL(runs.size(), 1U);
        BOOST_TEST(runs[0].scheduled_at == due);
        BOOST_TEST(!runs[0].caught_up);
    }
}

BOOST_AUTO_TEST_CASE(jitter_delays_an_instant_and_keeps_its_name)
{
    const schedule s{.every = 15min, .jitter = 10min};
    assign({scheduled("a", s)}, ten);
    for (instant named = ten + 15min; named < ten + 10h; named += 15min) {
        const instant due = named + jitter_of("a", 10min, named, named + 15min);
        BOOST_TEST_REQUIRE(wake_of(table) == due);
        BOOST_REQUIRE(runs_due(due - 1us).empty());
        const auto runs = runs_due(due + 1min);
        BOOST_REQUIRE_EQUAL(runs.size(), 1U);
        BOOST_TEST(runs[0].scheduled_at == named);
        BOOST_TEST(runs[0].due == due); // lateness counts from here
        BOOST_TEST(!runs[0].caught_up);
    }
}

BOOST_AUTO_TEST_CASE(an_instant_whose_jitter_is_not_over_is_not_passed)
{
    const schedule s{.every = 15min, .jitter = 10min};
    assign({scheduled("a", s)}, ten);
    // Asleep until just before a later one is due: the one before it runs, and that one still
    // comes.
    const instant named = ten + 2h;
    const instant due = named + jitter_of("a", 10min, named, named + 15min);
    const auto [runs, missed, changed] = take_due(due - 1us);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].scheduled_at == named - 15min);
    BOOST_TEST(missed.at(0).second.count == 6);
    BOOST_TEST(wake_of(table) == due);
}

BOOST_AUTO_TEST_CASE(a_past_first_tick_of_the_boot_is_due_at_once)
{
    // Started 53 minutes after the boot: the latest tick that has passed, that one only.
    assign({scheduled("a", pin_112)}, ten + 53min);
    BOOST_TEST(wake_of(table) == ten + 50min);
    const auto runs = runs_due(ten + 53min);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].scheduled_at == ten + 50min);
    BOOST_TEST(runs[0].caught_up);
    BOOST_TEST(table.next_due(0) == ten + 65min);
}

BOOST_AUTO_TEST_CASE(a_schedule_on_the_wall_clock_owes_nothing_at_first_sight)
{
    assign({scheduled("a", {.every = 15min})}, ten + 7min);
    BOOST_TEST(wake_of(table) == ten + 15min);
}

BOOST_AUTO_TEST_CASE(one_run_makes_up_for_all_that_passed)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    // Suspended from 10:00 to 11:07.
    const auto [runs, missed, changed] = take_due(ten + 67min);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].scheduled_at == ten + 60min);
    BOOST_TEST(runs[0].caught_up);
    BOOST_REQUIRE_EQUAL(missed.size(), 1U);
    BOOST_TEST(missed[0].second == (missed_part{ten + 15min, ten + 45min, 3, reason::coalesced}));
    BOOST_TEST(wake_of(table) == ten + 75min);
}

BOOST_AUTO_TEST_CASE(a_minute_and_the_accuracy_late_is_still_on_schedule)
{
    for (const auto& [late, caught_up] :
         std::vector<std::pair<microseconds, bool>>{{90s, false}, {90s + 1us, true}}) {
        assign({scheduled("a", {.every = 15min, .accuracy = 30s})}, ten);
        table = {};
        assign({scheduled("a", {.every = 15min, .accuracy = 30s})}, ten);
        BOOST_TEST(runs_due(ten + 15min + late).at(0).caught_up == caught_up);
    }
}

BOOST_AUTO_TEST_CASE(ten_years_of_a_job_each_second_are_not_walked)
{
    assign({scheduled("a", {.every = 1s})}, ten);
    const auto work = take_due(ten + 24h * 3650);
    BOOST_REQUIRE_EQUAL(work.runs.size(), 1U);
    BOOST_TEST(work.missed.at(0).second.count == 3650LL * 86400 - 1);
}

BOOST_AUTO_TEST_CASE(a_reload_moves_no_tick)
{
    assign({scheduled("a", {.every = 1h, .on_start = 0s}), scheduled("b", {.every = 15min})}, ten);
    BOOST_TEST(runs_due(ten).size() == 1U);
    // The same schedule with another accuracy, another job before it.
    assign(
        {scheduled("0", {.every = 20min}),
         scheduled("a", {.every = 1h, .on_start = 0s, .accuracy = 1s})},
        ten + 10min);
    BOOST_TEST(table.next_due(1) == ten + 60min);
    BOOST_TEST(table.next_due(0) == ten + 20min);
    // A changed one begins a new grid and owes nothing.
    assign({scheduled("a", {.every = 2min, .on_start = 0s})}, ten + 15min);
    BOOST_TEST(table.next_due(0) == ten + 16min);
}

BOOST_AUTO_TEST_CASE(while_disabled_a_job_owes_nothing)
{
    assign({scheduled("a", pin_112, false)}, ten);
    BOOST_TEST(!wake_of(table));
    assign({scheduled("a", pin_112)}, ten + 53min);
    BOOST_TEST(table.next_due(0) == ten + 65min);
}

BOOST_AUTO_TEST_CASE(what_is_owed_keeps_its_distance)
{
    schedule s{.every = 1s, .catch_up = catch_up_policy::all};
    assign({scheduled("a", s)}, ten);
    BOOST_TEST(
        names(ten + 2min) == std::vector<instant>{ten + 20s},
        test::per_element()); // the newest hundred, one late
    BOOST_TEST(!table.release(1, ten + 2min));
    BOOST_TEST(table.release(0, ten + 2min + 10ms)); // its run took 10 ms
    BOOST_TEST(wake_of(table) == ten + 2min + 100ms);
    busy = true;
    BOOST_TEST(names(ten + 2min + 100ms).empty());
    busy = false;
    BOOST_TEST(table.release(0, ten + 2min + 500ms));
    BOOST_TEST(names(ten + 2min + 500ms) == std::vector<instant>{ten + 21s}, test::per_element());
}

BOOST_AUTO_TEST_CASE(what_passes_while_paused_is_not_owed)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    table.pause(0);
    BOOST_TEST(!table.next_due(0));
    BOOST_TEST(take_due(ten + 20min).runs.empty());
    restart({scheduled("a", {.every = 15min})}, at(ten + 40min));
    BOOST_TEST(table.is_paused(0));
    BOOST_TEST(!wake_of(table));
    table.resume(0, ten + 50min);
    BOOST_TEST(wake_of(table) == ten + 60min);
    // Once in the agenda, however often it is paused.
    for (int i = 0; i < 3; ++i) {
        table.pause(0);
        table.resume(0, ten + 50min);
    }
    BOOST_TEST(names(ten + 60min).size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_owed_waits_while_paused)
{
    schedule s{.every = 15min, .catch_up = catch_up_policy::all};
    assign({scheduled("a", s)}, ten);
    BOOST_TEST(names(ten + 40min) == std::vector<instant>{ten + 15min}, test::per_element());
    table.pause(0);
    BOOST_TEST(!table.release(0, ten + 41min));
    BOOST_TEST(names(ten + 42min).empty());
    table.resume(0, ten + 50min);
    BOOST_TEST(table.release(0, ten + 50min));
    BOOST_TEST(names(ten + 50min) == std::vector<instant>{ten + 30min}, test::per_element());
}

BOOST_AUTO_TEST_CASE(a_job_that_goes_takes_its_debts_along)
{
    schedule s{.every = 15min, .catch_up = catch_up_policy::all};
    assign({scheduled("a", s), scheduled("b", s)}, ten);
    BOOST_TEST(names(ten + 50min).size() == 2U);
    change = table.assign(jobs_of({scheduled("b", s)}), at(ten + 51min));
    BOOST_REQUIRE_EQUAL(change.dropped.size(), 1U);
    BOOST_TEST(
        change.dropped[0] == (missed_record{"a", ten + 30min, ten + 45min, 2, reason::removed}));
    BOOST_TEST(change.forgotten == std::vector<std::string>{"a"}, test::per_element());
    BOOST_TEST(table.release(0, ten + 51min)); // b, under another number
    BOOST_TEST(names(ten + 51min) == std::vector<instant>{ten + 30min}, test::per_element());
}

BOOST_AUTO_TEST_CASE(a_name_that_was_put_back_is_free)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    table.put_back(runs_due(ten + 15min), ten + 15min);
    BOOST_TEST(names(ten + 15min) == std::vector{ten + 15min}, per_element());
    BOOST_TEST(table.memory_of(0).used.at(0).times == 1);
}

BOOST_AUTO_TEST_CASE(a_window_ends_before_the_jobs_next_instant)
{
    assign({scheduled("a", {.every = 1s, .accuracy = 1h}), scheduled("b", {.every = 1min})}, ten);
    BOOST_TEST(wake_of(table) == ten + 1s);
}

BOOST_AUTO_TEST_SUITE_END()
