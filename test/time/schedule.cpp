#include "print.hpp"
#include <carillon/time/schedule.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

using namespace carillon;
using namespace std::chrono_literals;

namespace schedules {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
constexpr local_instant t_local = std::chrono::local_days{std::chrono::year{2026} / 1 / 1};

} // namespace schedules

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(every_alone_counts_from_the_epoch)
{
    const grid g = make_grid({.every = 15min}, {.boot = t0 + 7min, .start = t0 + 9min});
    BOOST_TEST(next_after(g, t0) == t0 + 15min);
    BOOST_TEST(next_after(g, t0 + 14min) == t0 + 15min);
    BOOST_TEST(next_after(g, t0 + 15min) == t0 + 30min); // strictly later
    BOOST_TEST(last_until(g, t0 + 15min) == t0 + 15min);
    BOOST_TEST(last_until(g, t0 + 15min - 1us) == t0);
    // 7m30s does not divide an hour evenly with a day's start: multiples since the epoch all the
    // same.
    const grid odd = make_grid({.every = 7min + 30s}, {});
    BOOST_TEST(next_after(odd, t0 + 1min) == t0 + 7min + 30s);
}

BOOST_AUTO_TEST_CASE(boot_and_start_are_rounded_up_to_a_second)
{
    const time_origins origins{.boot = t0 + 1us, .start = t0 + 10s};
    BOOST_TEST(make_grid({.every = 15min, .on_boot = 5min}, origins).anchor == t0 + 5min + 1s);
    BOOST_TEST(make_grid({.every = 15min, .on_start = 5min}, origins).anchor == t0 + 5min + 10s);
    BOOST_TEST(make_grid({.on_start = 0s}, origins).anchor == t0 + 10s);
}

BOOST_AUTO_TEST_CASE(one_tick_without_every)
{
    const grid g = make_grid({.on_boot = 5min}, {.boot = t0});
    BOOST_TEST(next_after(g, t0) == t0 + 5min);
    BOOST_TEST(next_after(g, t0 + 5min) == std::nullopt);
    BOOST_TEST(last_until(g, t0) == std::nullopt);
    BOOST_TEST(last_until(g, t0 + 24h) == t0 + 5min);
    BOOST_TEST(count_ticks(g, t0, t0 + 24h) == 1);
    BOOST_TEST(count_ticks(g, t0 + 6min, t0 + 24h) == 0);
}

BOOST_AUTO_TEST_CASE(first_sight_owes_what_passed_since_boot_or_start)
{
    const time_origins origins{.boot = t0, .start = t0 + 10min};
    const auto due = [&](const schedule& s, instant now) {
        return occurrences(s, make_grid(s, origins)).first_due(now);
    };
    BOOST_TEST(due({.every = 15min}, t0 + 20min) == t0 + 30min);
    BOOST_TEST(due({.every = 15min, .on_boot = 5min}, t0 + 4min) == t0 + 5min);
    BOOST_TEST(due({.every = 15min, .on_boot = 5min}, t0 + 5min) == t0 + 5min);
    BOOST_TEST(due({.every = 15min, .on_boot = 5min}, t0 + 40min) == t0 + 35min);
    BOOST_TEST(due({.on_boot = 5min}, t0 + 24h) == t0 + 5min);
    BOOST_TEST(due({.on_start = 1min}, t0 + 10min) == t0 + 11min);
    BOOST_TEST(due({.on_boot = microseconds::max()}, t0) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(ends_with_the_year_2199)
{
    const grid g = make_grid({.every = 24h}, {});
    BOOST_TEST(next_after(g, end_of_time - 24h) == std::nullopt);
    BOOST_TEST(next_after(g, end_of_time - 24h - 1us) == end_of_time - 24h);
    BOOST_TEST(next_after(g, instant::max()) == std::nullopt);
    BOOST_TEST(last_until(g, instant::max()) == end_of_time - 24h);
    BOOST_TEST(
        next_after(make_grid({.on_boot = microseconds::max()}, {.boot = t0}), t0) == std::nullopt);
    BOOST_TEST(count_ticks(g, instant::min(), instant::max()) == (end_of_time - instant{}) / 24h);
    const grid wide{.anchor = t0, .every = microseconds::max()};
    BOOST_TEST(next_after(wide, t0 - 1us) == t0);
    BOOST_TEST(next_after(wide, t0) == std::nullopt);
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
        BOOST_TEST_REQUIRE(next_after(g, from) == next);
        BOOST_TEST_REQUIRE(last_until(g, from) == last);
        BOOST_REQUIRE_EQUAL(count_ticks(g, from, to), count);
    }
}

BOOST_AUTO_TEST_CASE(a_window_and_exclusions_narrow_any_schedule)
{
    schedule s{.every = 1h, .start = t0 + 90min, .end = t0 + 5h};
    const occurrences windowed(s, make_grid(s, {}));
    BOOST_TEST(windowed.next_after(instant::min()) == t0 + 2h);
    BOOST_TEST(windowed.next_after(t0 + 4h - 1us) == t0 + 4h);
    BOOST_TEST(windowed.next_after(t0 + 4h) == std::nullopt); // the end itself is outside
    BOOST_TEST(windowed.last_until(instant::max()) == t0 + 4h);
    BOOST_TEST(windowed.last_until(t0 + 2h - 1us) == std::nullopt);
    BOOST_TEST(windowed.count(instant::min(), instant::max()) == 3);

    s.exclude.push_back(
        parse_exclusion("*:00..59:00", {}).value()); // an hour's minutes, one by one
    BOOST_TEST(occurrences(s, make_grid(s, {})).next_after(t0) == std::nullopt);
    BOOST_TEST(occurrences(s, make_grid(s, {})).count(t0, t0 + 24h) == 0);
}

BOOST_AUTO_TEST_CASE(an_exclusion_covers_whole_days_or_what_it_writes)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    const auto excluded = [&](const char* text, const char* local) {
        const auto e = parse_exclusion(text, berlin).value();
        const instant t = first_instant_of(parse_timestamp(local).value(), berlin);
        const auto window = e.window_after(t);
        return window && window->begin <= t;
    };
    BOOST_TEST(excluded("2026-12-24", "2026-12-24 00:00"));
    BOOST_TEST(excluded("2026-12-24", "2026-12-24 23:59:59.999999"));
    BOOST_TEST(!excluded("2026-12-24", "2026-12-25 00:00"));
    BOOST_TEST(!excluded("2026-12-24", "2026-12-23 23:59:59.999999"));
    BOOST_TEST(excluded("Sat,Sun", "2026-03-29 03:00"));
    BOOST_TEST(excluded("*-*-* 12:00", "2026-03-29 12:00:59.5")); // down to the minute
    BOOST_TEST(!excluded("*-*-* 12:00", "2026-03-29 12:01"));
    BOOST_TEST(excluded("*-*-* 12:00:30", "2026-03-29 12:00:30.5"));
    BOOST_TEST(!excluded("*-*-* 12:00:30", "2026-03-29 12:00:31"));
    // The expression's own zone counts: midnight in Tokyo is 16:00 the day before in Berlin.
    BOOST_TEST(excluded("2026-12-24 Asia/Tokyo", "2026-12-23 16:00"));
    BOOST_TEST(!excluded("2026-12-24 Asia/Tokyo", "2026-12-24 16:00"));
    BOOST_TEST(!parse_exclusion("@1767225661", {}).has_value());
    BOOST_TEST(parse_exclusion("2026-12-24 Asia/Tokio", {}).error().offset == 11U);
}

BOOST_AUTO_TEST_CASE(what_is_excluded_is_not_counted_whatever_the_overlap)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    schedule s = schedule_from_cron("*/20 * * * *", berlin).value();
    for (const char* text : {"Sun", "2026-10-24", "2026-10-24,25", "*-*-* 02:00..30", "*-10-2*"})
        if (auto e = parse_exclusion(text, berlin)) s.exclude.push_back(std::move(*e));
    s.exclude.push_back(parse_exclusion("*-*-20..22 10:00 UTC", berlin).value());
    const occurrences instants(s, {});
    const instant from = std::chrono::sys_days{std::chrono::year{2026} / 10 / 18};
    std::int64_t walked = 0;
    for (auto t = instants.next_after(from - 1us); *t <= from + 240h; t = instants.next_after(*t)) {
        ++walked;
        BOOST_TEST_REQUIRE(instants.last_until(*t) == t);
        const auto day = std::chrono::floor<std::chrono::days>(berlin.to_local(*t));
        BOOST_REQUIRE(std::chrono::weekday{day} != std::chrono::Sunday);
    }
    BOOST_TEST(walked > 100);
    BOOST_TEST(instants.count(from, from + 240h) == walked);
}

BOOST_AUTO_TEST_CASE(what_excludes_everything_is_found_out_soon)
{
    const auto next = [](std::initializer_list<const char*> excluded) {
        schedule s{.every = 1min};
        for (const char* text : excluded) s.exclude.push_back(parse_exclusion(text, {}).value());
        return occurrences(s, make_grid(s, {})).next_after(t0);
    };
    BOOST_TEST(parse_exclusion("*:*", {}).value().unit == 24h);
    BOOST_TEST(parse_exclusion("*:*:*", {}).value().unit == 24h);
    BOOST_TEST(parse_exclusion("08..17:*", {}).value().unit == 1h);
    BOOST_TEST(parse_exclusion("08:00:*", {}).value().unit == 1min);
    BOOST_TEST(!next({"*:*"}));
    BOOST_TEST(!next({"*:*:*"}));
    BOOST_TEST(!next({"*:0/2", "*:1/2"}));
    BOOST_TEST(next({"00..11:*"}) == t0 + 12h);
}

BOOST_AUTO_TEST_CASE(exclusions_reach_to_the_ends_of_time)
{
    schedule s{.every = 1h};
    s.exclude.push_back(
        parse_exclusion("Sun", time_zone::load("America/New_York").value()).value());
    const occurrences instants(s, make_grid(s, {}));
    const std::int64_t all = count_ticks(make_grid(s, {}), instant::min(), instant::max());
    const std::int64_t kept = instants.count(instant::min(), instant::max());
    BOOST_TEST(kept > all * 6 / 7 - 100);
    BOOST_TEST(kept < all * 6 / 7 + 100);
}

BOOST_AUTO_TEST_CASE(ten_years_of_seconds_are_counted_not_walked)
{
    const instant to = t0 + std::chrono::days{3652};
    const schedule every{.every = 1s};
    BOOST_TEST(occurrences(every, make_grid(every, {})).count(t0, to - 1s) == 3652LL * 86400);
    const auto cron =
        schedule_from_cron("* * * * * *", time_zone::load("Europe/Berlin").value()).value();
    // In winter both ends have the same offset, so that gaps and folds are even.
    BOOST_TEST(occurrences(cron, {}).count(t0, to - 1s) == 3652LL * 86400);
}

BOOST_AUTO_TEST_CASE(a_schedule_is_known_again_by_what_it_says)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    std::vector<schedule> all{
        {.every = 15min},
        {.every = 16min},
        {.on_boot = 15min},
        {.on_start = 15min},
        {.every = 15min, .on_boot = 5min},
        {.at = {t0}},
        {.at = {t0, t0 + 1h}},
        {.every = 15min, .start = t0},
        {.every = 15min, .end = t0},
        {.every = 15min, .dst = dst_policy::skip},
        {.every = 15min, .exclude = {parse_exclusion("Sat", {}).value()}},
        schedule_from_cron("0 9 * * *").value(),
        schedule_from_cron("0 9 * * *", berlin).value(),
        schedule_from_cron("0 9 * * 1").value(),
        schedule_from_calendar("09:00").value()};
    for (const every_nth& nth : {every_nth{.n = 2}, every_nth{.n = 3}, every_nth{2, t_local}}) {
        all.push_back(schedule_from_cron("0 9 * * *").value());
        all.back().nth = nth;
    }
    std::set<std::uint64_t> seen;
    for (const schedule& s : all) seen.insert(identity_of_instants(s));
    BOOST_TEST(seen.size() == all.size());
    schedule other = all[0];
    other.accuracy = other.jitter = 1s;
    other.catch_up = catch_up_policy::all;
    BOOST_TEST(identity_of_instants(other) == identity_of_instants(all[0]));
    BOOST_TEST(has_same_instants(other, all[0]));
    BOOST_TEST(!has_same_instants(all[all.size() - 1], all[all.size() - 2]));
    // A store holds it: no version may give another.
    BOOST_TEST(identity_of_instants(all[0]) == 6428918895749111728ULL);
}

BOOST_AUTO_TEST_CASE(jitter_is_stable_and_stays_before_the_next_instant)
{
    for (int i = 0; i < 1000; ++i) {
        const instant t = t0 + i * 1min;
        const auto later = jitter_of("a", 10min, t, t + 1min);
        BOOST_TEST_REQUIRE(later >= 0us);
        BOOST_TEST_REQUIRE(later < 1min);
        BOOST_TEST_REQUIRE(later == jitter_of("a", 10min, t, t + 1min));
        BOOST_TEST_REQUIRE(jitter_of("a", 0us, t, t + 1min) == 0us);
        BOOST_REQUIRE(jitter_of("a", 30s, t, std::nullopt) < 30s);
    }
    BOOST_TEST(jitter_of("a", 1h, t0, {}) != jitter_of("b", 1h, t0, {}));
    BOOST_TEST(jitter_of("a", 1h, t0, {}) != jitter_of("a", 1h, t0 + 1us, {}));
}

BOOST_AUTO_TEST_CASE(schedules_from_expressions)
{
    BOOST_TEST(schedule_from_cron("@every 90s").value() == schedule{.every = 90s});
    BOOST_TEST(schedule_from_calendar("@1767225661").value().at.front() == t0 + 61s);
    const auto own = schedule_from_calendar("08:00 Asia/Kathmandu").value();
    BOOST_TEST(own.expression->zone.name() == "Asia/Kathmandu");
    BOOST_TEST(own.expression->text == "08:00 Asia/Kathmandu");
    BOOST_TEST(schedule_from_calendar("08:00 Asia/Katmandoo").error().offset == 6U);

    BOOST_TEST(is_fixed_time(schedule_from_cron("0 9,17 * * *").value()));
    BOOST_TEST(is_fixed_time(schedule_from_cron("0 0-23 * * *").value()));
    BOOST_TEST(is_fixed_time(schedule_from_cron("H H * * *").value()));
    BOOST_TEST(is_fixed_time(schedule{.at = {t0}}));
    BOOST_TEST(!is_fixed_time(schedule{.every = 24h}));
    for (const char* text :
         {"0 */12 * * *", "0 8-18/2 * * *", "* 2 * * *", "H/15 2 * * *", "@hourly"})
        BOOST_TEST(!is_fixed_time(schedule_from_cron(text).value()), text);

    BOOST_TEST(is_too_dense(schedule_from_calendar("*:*:0/0.05").value()));
    BOOST_TEST(is_too_dense(schedule_from_calendar("*:*:0.95,1").value()));
    BOOST_TEST(is_too_dense(schedule_from_calendar("*:*:0,59.95").value())); // into the next minute
    BOOST_TEST(!is_too_dense(schedule_from_calendar("*:*:0/0.1").value()));
    BOOST_TEST(is_too_dense(schedule{.at = {t0, t0 + 99ms}}));
}

BOOST_AUTO_TEST_SUITE_END()
