#include <carillon/runner/timetable.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr instant ten = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10h;

job scheduled(std::string name, schedule s, bool enabled = true)
{
    return {.name = std::move(name), .enabled = enabled, .trigger = s, .url = "http://localhost/"};
}

std::shared_ptr<const job_set> plan(std::vector<job> jobs)
{
    return std::make_shared<const job_set>(job_set::create(std::move(jobs)).value());
}

const schedule pin_112{.every = 15min, .on_boot = 5min, .accuracy = 1min};

struct fixture {
    timetable table;

    void assign(std::vector<job> jobs, instant now, instant boot = ten)
    {
        table.assign(plan(std::move(jobs)), {.now = now, .origins = {.boot = boot, .start = ten}});
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(timetables, fixture)

BOOST_AUTO_TEST_CASE(pin_112_fires_from_the_boot_on)
{
    assign({scheduled("a", pin_112)}, ten + 30s);
    for (const auto& due : {ten + 5min, ten + 20min, ten + 35min}) {
        BOOST_TEST((table.next_wake() == due));
        const auto runs = table.take_due(due);
        BOOST_REQUIRE_EQUAL(runs.size(), 1U);
        BOOST_TEST((runs[0].scheduled_at == due));
        BOOST_TEST(!runs[0].caught_up);
        BOOST_TEST(!runs[0].coalesced);
    }
}

BOOST_AUTO_TEST_CASE(jitter_delays_an_instant_and_keeps_its_name)
{
    const schedule s{.every = 15min, .jitter = 10min};
    assign({scheduled("a", s)}, ten);
    for (instant named = ten + 15min; named < ten + 10h; named += 15min) {
        const instant due = named + jitter_of("a", 10min, named, named + 15min);
        BOOST_REQUIRE((table.next_wake() == due));
        BOOST_REQUIRE(table.take_due(due - 1us).empty());
        const auto runs = table.take_due(due + 1min);
        BOOST_REQUIRE_EQUAL(runs.size(), 1U);
        BOOST_TEST((runs[0].scheduled_at == named));
        BOOST_TEST((runs[0].due == due)); // lateness counts from here
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
    const auto runs = table.take_due(due - 1us);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST((runs[0].scheduled_at == named - 15min));
    BOOST_TEST(runs[0].coalesced->count == 6);
    BOOST_TEST((table.next_wake() == due));
}

BOOST_AUTO_TEST_CASE(a_past_first_tick_of_the_boot_is_due_at_once)
{
    // Started 53 minutes after the boot: the latest tick that has passed, that one only.
    assign({scheduled("a", pin_112)}, ten + 53min);
    BOOST_TEST((table.next_wake() == ten + 50min));
    const auto runs = table.take_due(ten + 53min);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST((runs[0].scheduled_at == ten + 50min));
    BOOST_TEST(runs[0].caught_up);
    BOOST_TEST(!runs[0].coalesced);
    BOOST_TEST((table.next_due(0) == ten + 65min));
}

BOOST_AUTO_TEST_CASE(a_schedule_on_the_wall_clock_owes_nothing_at_first_sight)
{
    assign({scheduled("a", {.every = 15min})}, ten + 7min);
    BOOST_TEST((table.next_wake() == ten + 15min));
}

BOOST_AUTO_TEST_CASE(one_run_makes_up_for_all_that_passed)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    // Suspended from 10:00 to 11:07.
    const auto runs = table.take_due(ten + 67min);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST((runs[0].scheduled_at == ten + 60min));
    BOOST_TEST(runs[0].caught_up);
    BOOST_REQUIRE(runs[0].coalesced);
    BOOST_TEST((runs[0].coalesced->from == ten + 15min));
    BOOST_TEST((runs[0].coalesced->to == ten + 45min));
    BOOST_TEST(runs[0].coalesced->count == 3);
    BOOST_TEST((table.next_wake() == ten + 75min));
}

BOOST_AUTO_TEST_CASE(a_minute_and_the_accuracy_late_is_still_on_schedule)
{
    for (const auto& [late, caught_up] :
         std::vector<std::pair<microseconds, bool>>{{90s, false}, {90s + 1us, true}}) {
        assign({scheduled("a", {.every = 15min, .accuracy = 30s})}, ten);
        table = {};
        assign({scheduled("a", {.every = 15min, .accuracy = 30s})}, ten);
        BOOST_TEST(table.take_due(ten + 15min + late).at(0).caught_up == caught_up);
    }
}

BOOST_AUTO_TEST_CASE(ten_years_of_a_job_each_second_are_not_walked)
{
    assign({scheduled("a", {.every = 1s})}, ten);
    const auto runs = table.take_due(ten + 24h * 3650);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].coalesced->count == 3650LL * 86400 - 1);
}

BOOST_AUTO_TEST_CASE(a_reload_moves_no_tick)
{
    assign({scheduled("a", {.every = 1h, .on_start = 0s}), scheduled("b", {.every = 15min})}, ten);
    BOOST_TEST(table.take_due(ten).size() == 1U);
    // The same schedule with another accuracy, another job before it.
    assign(
        {scheduled("0", {.every = 20min}),
         scheduled("a", {.every = 1h, .on_start = 0s, .accuracy = 1s})},
        ten + 10min);
    BOOST_TEST((table.next_due(1) == ten + 60min));
    BOOST_TEST((table.next_due(0) == ten + 20min));
    // A changed one begins a new grid and owes nothing.
    assign({scheduled("a", {.every = 2min, .on_start = 0s})}, ten + 15min);
    BOOST_TEST((table.next_due(0) == ten + 16min));
}

BOOST_AUTO_TEST_CASE(while_disabled_a_job_owes_nothing)
{
    assign({scheduled("a", pin_112, false)}, ten);
    BOOST_TEST(!table.next_wake());
    assign({scheduled("a", pin_112)}, ten + 53min);
    BOOST_TEST((table.next_due(0) == ten + 65min));
}

BOOST_AUTO_TEST_CASE(a_step_moves_what_follows_elapsed_time_along)
{
    assign({scheduled("boot", pin_112), scheduled("wall", {.every = 15min})}, ten + 1min);
    table.clock_stepped(24h, ten + 1min + 24h);
    BOOST_TEST((table.next_due(0) == ten + 5min + 24h));
    // Stepped over: due at once, one run for all.
    const auto runs = table.take_due(ten + 1min + 24h);
    BOOST_REQUIRE_EQUAL(runs.size(), 1U);
    BOOST_TEST(runs[0].job == 1U);
    BOOST_TEST((runs[0].scheduled_at == ten + 24h));
    BOOST_TEST(runs[0].coalesced->count == 95);

    table.clock_stepped(-24h, ten + 1min);
    BOOST_TEST((table.next_due(0) == ten + 5min));
    BOOST_TEST((table.next_due(1) == ten + 15min)); // no silent day
}

BOOST_AUTO_TEST_CASE(a_window_ends_before_the_jobs_next_instant)
{
    assign({scheduled("a", {.every = 1s, .accuracy = 1h}), scheduled("b", {.every = 1min})}, ten);
    BOOST_TEST((table.next_wake() == ten + 1s));
}

BOOST_AUTO_TEST_SUITE_END()
