#include "runner/plan/timetable.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using carillon::test::per_element;
using namespace std::chrono_literals;

namespace timetables {

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

std::optional<instant> wake_of(timetable& t)
{
    const auto next = t.next_wake();
    return next ? std::optional(next->at) : std::nullopt;
}

struct fixture {
    timetable table;

    time_reading at(instant now, instant boot = ten) const
    {
        return {.now = now, .origins = {.boot = boot, .start = ten}, .boot_id = {{1}}};
    }

    job_index known = 0;

    void assign(std::vector<job> jobs, instant now)
    {
        known = static_cast<job_index>(jobs.size());
        table.assign(plan(std::move(jobs)), at(now));
    }

    plan_change change;
    bool busy = false;

    /** Booted a second time, at 13:00. */
    time_reading second_boot(instant now) const
    {
        time_reading r = at(now, ten + 3h);
        r.boot_id = {{2}};
        return r;
    }

    /** As after a crash: all that is left is what a store remembers. */
    void restart(std::vector<job> jobs, const time_reading& time)
    {
        std::vector<job_memory> memories;
        for (job_index i = 0; i < known; ++i) memories.push_back(table.memory_of(i));
        known = static_cast<job_index>(jobs.size());
        table = {};
        change = table.assign(plan(std::move(jobs)), time, std::move(memories));
    }

    due_work take_due(instant now)
    {
        return table.take_due(now, [this](job_index) { return busy; });
    }

    std::vector<instant> names(instant now)
    {
        std::vector<instant> out;
        for (const due_run& r : take_due(now).runs) out.push_back(r.scheduled_at);
        return out;
    }

    std::vector<due_run> runs_due(instant now) { return take_due(now).runs; }
};

} // namespace timetables

BOOST_FIXTURE_TEST_SUITE(timetables, fixture)

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
        BOOST_TEST(table.memory_of(0).owed.size() == 1U);
        const auto owed = [&](instant now) {
            std::vector<instant> out;
            for (const due_run& r : runs_due(now))
                if (r.was_owed) out.push_back(r.scheduled_at);
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
    change = table.assign(plan({scheduled("b", s)}), at(ten + 51min));
    BOOST_REQUIRE_EQUAL(change.dropped.size(), 1U);
    BOOST_TEST(
        change.dropped[0] == (missed_record{"a", ten + 30min, ten + 45min, 2, reason::removed}));
    BOOST_TEST(change.forgotten == std::vector<std::string>{"a"}, test::per_element());
    BOOST_TEST(table.release(0, ten + 51min)); // b, under another number
    BOOST_TEST(names(ten + 51min) == std::vector<instant>{ten + 30min}, test::per_element());
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
            table.memory_of(0).owed.at(0) ==
            (owed_span{{instant{}, 15min}, ten + 15min, ten + 30min, 2}));
        BOOST_TEST(table.next_due(0) == ten + 45min); // comes again
        BOOST_TEST(table.memory_of(1).owed.at(0).from == ten + 5min);
        BOOST_TEST(table.memory_of(1).owed.at(0).count == 4);
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

BOOST_AUTO_TEST_CASE(a_name_that_was_put_back_is_free)
{
    assign({scheduled("a", {.every = 15min})}, ten);
    table.put_back(runs_due(ten + 15min), ten + 15min);
    BOOST_TEST(names(ten + 15min) == std::vector{ten + 15min}, per_element());
    BOOST_TEST(table.memory_of(0).used.at(0).times == 1);
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

BOOST_AUTO_TEST_CASE(a_window_ends_before_the_jobs_next_instant)
{
    assign({scheduled("a", {.every = 1s, .accuracy = 1h}), scheduled("b", {.every = 1min})}, ten);
    BOOST_TEST(wake_of(table) == ten + 1s);
}

BOOST_AUTO_TEST_SUITE_END()
