#include "runner/plan/schedule_cursor.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace schedule_cursors {

constexpr instant ten = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10h;
constexpr grid hours{.anchor = instant{}, .every = 1h};

/** Points of time: each full hour from ten to fifteen. */
const schedule listed{.at = {ten, ten + 1h, ten + 2h, ten + 3h, ten + 4h, ten + 5h}};
const schedule hourly{.every = 1h};

/** Has had its turn at eleven, and at one and two. */
schedule_cursor after_some_turns()
{
    return {.next = ten, .used = {{{}, ten + 1h, ten + 1h, 1}, {{}, ten + 3h, ten + 4h, 1}}};
}

} // namespace schedule_cursors

BOOST_AUTO_TEST_SUITE(schedule_cursors)

BOOST_AUTO_TEST_CASE(a_point_of_time_that_has_had_its_turn_is_not_open)
{
    const schedule_cursor c = after_some_turns();
    BOOST_TEST(c.next_open(listed, ten - 1us) == ten);
    BOOST_TEST(c.next_open(listed, ten) == ten + 2h);
    BOOST_TEST(c.next_open(listed, ten + 2h) == ten + 5h);
    BOOST_TEST(c.next_open(listed, ten + 5h) == never);
    BOOST_TEST(c.last_open(listed, ten + 5h) == ten + 5h);
    BOOST_TEST(c.last_open(listed, ten + 5h - 1us) == ten + 2h);
    BOOST_TEST(c.last_open(listed, ten + 1h) == ten);
    BOOST_TEST(!c.last_open(listed, ten - 1us));
}

BOOST_AUTO_TEST_CASE(a_rhythm_comes_to_all_its_instants)
{
    schedule_cursor c = after_some_turns();
    c.ticks = hours;
    BOOST_TEST(c.next_open(hourly, ten) == ten + 1h);
    BOOST_TEST(c.last_open(hourly, ten + 4h + 30min) == ten + 4h);
    passed_span passed{.ticks = hours, .from = ten, .to = ten + 5h};
    BOOST_TEST(c.cut_before_used(hourly, passed).empty());
    BOOST_TEST(passed.from == ten);
}

BOOST_AUTO_TEST_CASE(a_span_is_cut_where_something_has_had_its_turn)
{
    passed_span passed{.ticks = {}, .from = ten, .to = ten + 5h};
    const auto older = after_some_turns().cut_before_used(listed, passed);
    BOOST_TEST_REQUIRE(older.size() == 2U);
    BOOST_TEST(older[0].from == ten);
    BOOST_TEST(older[0].to == ten);
    BOOST_TEST(older[1].from == ten + 2h);
    BOOST_TEST(older[1].to == ten + 2h);
    BOOST_TEST(passed.from == ten + 5h);
    BOOST_TEST(passed.to == ten + 5h);
}

BOOST_AUTO_TEST_CASE(the_newest_instant_waits_for_its_jitter)
{
    schedule s = hourly;
    s.jitter = 1h;
    const job j{.name = "a", .trigger = s, .url = "http://localhost/"};
    const schedule_cursor c{.ticks = hours, .next = ten};
    const instant newest_due = due_time(j, hours, ten + 3h);
    BOOST_TEST(newest_due > ten + 3h);
    BOOST_TEST(c.newest_due(j, newest_due - 1us) == ten + 2h);
    BOOST_TEST(c.newest_due(j, newest_due) == ten + 3h);
    BOOST_TEST(c.newest_due(j, ten) == ten);
}

BOOST_AUTO_TEST_CASE(ticks_of_elapsed_time_move_with_the_wall_clock)
{
    const schedule s{.every = 1h, .on_boot = 0s};
    const schedule_cursor before{.ticks = {ten, 1h}, .next = ten + 4h, .taken = ten + 3h};
    schedule_cursor c = before;
    c.move_ticks(s, {ten + 30min, 1h}, ten + 4h, true); // half past three before
    BOOST_TEST(c.next == ten + 4h + 30min);
    BOOST_TEST(c.taken == ten + 3h + 30min);
    c = before;
    c.move_ticks(s, {ten + 30min, 1h}, ten + 6h, true); // half past five: due before the step
    BOOST_TEST(c.next == ten + 4h + 30min);
    c = before;
    c.next = never;
    c.move_ticks(s, {ten + 30min, 1h}, ten + 4h, false);
    BOOST_TEST(c.next == never);
    BOOST_TEST(c.ticks.anchor == ten + 30min);
}

BOOST_AUTO_TEST_SUITE_END()
