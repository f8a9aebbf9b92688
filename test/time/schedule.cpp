#include <carillon/time/schedule.hpp>

#include <boost/test/unit_test.hpp>

#include <random>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

} // namespace

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(every_alone_counts_from_the_epoch)
{
    const grid g = make_grid({.every = 15min}, {.boot = t0 + 7min, .start = t0 + 9min});
    BOOST_TEST((next_after(g, t0) == t0 + 15min));
    BOOST_TEST((next_after(g, t0 + 14min) == t0 + 15min));
    BOOST_TEST((next_after(g, t0 + 15min) == t0 + 30min)); // strictly later
    BOOST_TEST((last_until(g, t0 + 15min) == t0 + 15min));
    BOOST_TEST((last_until(g, t0 + 15min - 1us) == t0));
    // 7m30s does not divide an hour evenly with a day's start: multiples since the epoch all the
    // same.
    const grid odd = make_grid({.every = 7min + 30s}, {});
    BOOST_TEST((next_after(odd, t0 + 1min) == t0 + 7min + 30s));
}

BOOST_AUTO_TEST_CASE(boot_and_start_are_rounded_up_to_a_second)
{
    const time_origins origins{.boot = t0 + 1us, .start = t0 + 10s};
    BOOST_TEST((make_grid({.every = 15min, .on_boot = 5min}, origins).anchor == t0 + 5min + 1s));
    BOOST_TEST((make_grid({.every = 15min, .on_start = 5min}, origins).anchor == t0 + 5min + 10s));
    BOOST_TEST((make_grid({.on_start = 0s}, origins).anchor == t0 + 10s));
}

BOOST_AUTO_TEST_CASE(one_tick_without_every)
{
    const grid g = make_grid({.on_boot = 5min}, {.boot = t0});
    BOOST_TEST((next_after(g, t0) == t0 + 5min));
    BOOST_TEST((!next_after(g, t0 + 5min)));
    BOOST_TEST((!last_until(g, t0)));
    BOOST_TEST((last_until(g, t0 + 24h) == t0 + 5min));
    BOOST_TEST(count_ticks(g, t0, t0 + 24h) == 1);
    BOOST_TEST(count_ticks(g, t0 + 6min, t0 + 24h) == 0);
}

BOOST_AUTO_TEST_CASE(first_sight_owes_what_passed_since_boot_or_start)
{
    const time_origins origins{.boot = t0, .start = t0 + 10min};
    const auto due = [&](const schedule& s, instant now) {
        return first_due(s, make_grid(s, origins), now);
    };
    BOOST_TEST((due({.every = 15min}, t0 + 20min) == t0 + 30min));
    BOOST_TEST((due({.every = 15min, .on_boot = 5min}, t0 + 4min) == t0 + 5min));
    BOOST_TEST((due({.every = 15min, .on_boot = 5min}, t0 + 5min) == t0 + 5min));
    BOOST_TEST((due({.every = 15min, .on_boot = 5min}, t0 + 40min) == t0 + 35min));
    BOOST_TEST((due({.on_boot = 5min}, t0 + 24h) == t0 + 5min));
    BOOST_TEST((due({.on_start = 1min}, t0 + 10min) == t0 + 11min));
    BOOST_TEST((!due({.on_boot = microseconds::max()}, t0)));
}

BOOST_AUTO_TEST_CASE(ends_with_the_year_2199)
{
    const grid g = make_grid({.every = 24h}, {});
    BOOST_TEST((!next_after(g, end_of_time - 24h)));
    BOOST_TEST((next_after(g, end_of_time - 24h - 1us) == end_of_time - 24h));
    BOOST_TEST((!next_after(g, instant::max())));
    BOOST_TEST((last_until(g, instant::max()) == end_of_time - 24h));
    BOOST_TEST((!next_after(make_grid({.on_boot = microseconds::max()}, {.boot = t0}), t0)));
    const grid wide{.anchor = t0, .every = microseconds::max()};
    BOOST_TEST((next_after(wide, t0 - 1us) == t0));
    BOOST_TEST((!next_after(wide, t0)));
}

BOOST_AUTO_TEST_CASE(agrees_with_walking_tick_by_tick)
{
    std::mt19937 random(7); // NOLINT: the same cases each time
    const auto draw = [&](int from, int to) {
        return std::uniform_int_distribution<int>(from, to)(random);
    };
    for (int i = 0; i < 2000; ++i) {
        const grid g{
            .anchor = t0 + microseconds{draw(-50, 50)}, .every = microseconds{draw(1, 20)}};
        const instant from = t0 + microseconds{draw(-100, 100)};
        const instant to = from + microseconds{draw(0, 100)};
        std::optional<instant> next;
        std::optional<instant> last;
        std::int64_t count = 0;
        for (instant t = g.anchor; t <= t0 + 400us; t += g.every) {
            if (t > from && !next) next = t;
            if (t <= from) last = t;
            if (t >= from && t <= to) ++count;
        }
        BOOST_REQUIRE((next_after(g, from) == next));
        BOOST_REQUIRE((last_until(g, from) == last));
        BOOST_REQUIRE_EQUAL(count_ticks(g, from, to), count);
    }
}

BOOST_AUTO_TEST_SUITE_END()
