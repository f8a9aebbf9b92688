// What exclusions leave, counted by days that are alike, against a look at each instant.

#include "print.hpp"
#include <carillon/time/schedule.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace kept_counts {

template <std::size_t N>
const char* pick(std::mt19937_64& random, const char* const (&from)[N])
{
    return from[random() % N];
}

constexpr const char* zones[] = {"UTC",           "Europe/Berlin",   "Australia/Lord_Howe",
                                 "Pacific/Apia",  "Africa/Monrovia", "America/Sao_Paulo",
                                 "Asia/Kathmandu"};

/** Around changes of these zones, and far from any. */
constexpr const char* begins[] = {"2026-03-26T05:00:00Z",   "2026-10-23T11:30:00Z",
                                  "2026-04-03T00:00:00.5Z", "2011-12-28T00:00:00Z",
                                  "1972-01-05T00:00:00Z",   "2018-11-02T07:00:00Z",
                                  "1985-12-30T00:00:00Z",   "2031-07-01T00:00:00Z"};

constexpr const char* crons[] = {"*/20 * * * * *", "0 */5 * * * *", "17 * * * * *",
                                 "30 2,3 * * *",   "0 9 * * MON",   "*/7 * 0-3 * * *"};

constexpr const char* exclusions[] = {
    "*:*:30",
    "*:*:0/2",
    "*:0/3:5..50",
    "*:*:0.5/7.25",
    "08..17:*",
    "02:*",
    "*:15..45",
    "Sat,Sun",
    "Sun *:*:0/3",
    "*-*-1,2,28 *:*:10..40",
    "02:30..40",
    "00:00:00",
    "23:59:59",
    "*-*-29",
    "Mon..Fri *:30:*",
    "*:*:5 Asia/Tokyo",
    "01..02:* America/New_York"};

schedule random_schedule(std::mt19937_64& random)
{
    const time_zone zone = time_zone::load(pick(random, zones)).value();
    schedule s;
    switch (random() % 4) {
    case 0:
        s.every = microseconds{static_cast<std::int64_t>(17'000'000 + random() % 90 * 333'333)};
        break;
    case 1:
        s.every = std::chrono::minutes{static_cast<std::int64_t>(1 + random() % 40)};
        break;
    default:
        s = schedule_from_cron(pick(random, crons), zone).value();
        if (random() % 2 == 0)
            s.nth = {
                .n = static_cast<std::int64_t>(2 + random() % 12),
                .from = std::chrono::local_days{std::chrono::year{1985} / 12 / 31}};
    }
    s.dst = static_cast<dst_policy>(random() % 4);
    for (std::size_t left = 1 + random() % 4; left > 0; --left)
        s.exclude.push_back(
            parse_exclusion(pick(random, exclusions), time_zone::load(pick(random, zones)).value())
                .value());
    return s;
}

bool is_excluded(const schedule& s, instant t)
{
    return std::any_of(s.exclude.begin(), s.exclude.end(), [&](const exclusion& e) {
        const auto window = e.window_after(t);
        return window && window->begin <= t;
    });
}

/** The instants that nothing excludes. */
std::vector<instant> walked(const schedule& s, instant from, instant to)
{
    schedule whole = s;
    whole.exclude.clear();
    const occurrences all(whole, make_grid(whole, {}));
    std::vector<instant> out;
    for (auto t = all.next_after(from - one_tick); t && *t <= to; t = all.next_after(*t))
        if (!is_excluded(s, *t)) out.push_back(*t);
    return out;
}

std::string describe(const schedule& s)
{
    std::string out = s.expression ? s.expression->text + " in " + s.expression->zone.name()
                                   : fmt::format("every {}us", s.every->count());
    if (s.nth) out += fmt::format(", n {}", s.nth->n);
    for (const exclusion& e : s.exclude)
        out += fmt::format(", not {} in {}", e.text, e.zone.name());
    return out;
}

} // namespace kept_counts

BOOST_AUTO_TEST_SUITE(kept_counts)

BOOST_AUTO_TEST_CASE(agree_with_a_look_at_each_instant)
{
    std::mt19937_64 random(13); // NOLINT: the same cases each time
    for (int i = 0; i < 80; ++i) {
        const schedule s = random_schedule(random);
        const instant from = parse_instant(begins[random() % std::size(begins)]).value();
        const instant to = from + std::chrono::days{4};
        const auto expected = walked(s, from, to);
        const occurrences instants(s, make_grid(s, {}));
        BOOST_TEST_CONTEXT(describe(s) << ", from " << format_utc(from))
        {
            const auto size = static_cast<std::int64_t>(expected.size());
            BOOST_TEST_REQUIRE(instants.count(from, to) == size);
            for (int part = 0; part < 3; ++part) {
                const auto width = static_cast<std::uint64_t>((to - from).count());
                const instant a = from + microseconds{static_cast<std::int64_t>(random() % width)};
                const instant b =
                    std::max(a, from + microseconds{static_cast<std::int64_t>(random() % width)});
                const auto count = std::upper_bound(expected.begin(), expected.end(), b) -
                                   std::lower_bound(expected.begin(), expected.end(), a);
                BOOST_TEST_REQUIRE(instants.count(a, b) == count);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_long_time_of_excluded_seconds_is_counted_by_days)
{
    const instant from = parse_instant("2026-01-01T00:00:00Z").value();
    const auto kept = [&](schedule s, std::initializer_list<const char*> excluded,
                          std::int64_t days) {
        for (const char* text : excluded) s.exclude.push_back(parse_exclusion(text, {}).value());
        const instant to = from + std::chrono::days{days} - one_tick;
        return occurrences(s, make_grid(s, {})).count(from, to);
    };
    const schedule seconds{.every = 1s};
    const schedule cron = schedule_from_cron("* * * * * *").value();
    for (const schedule& s : {seconds, cron}) {
        BOOST_TEST(kept(s, {"*:*:30"}, 2000) == 2000LL * 1440 * 59);
        BOOST_TEST(kept(s, {"*:*:0/2"}, 36'500) == 36'500LL * 43'200);
        // 2026 begins on a Thursday: each week has five other days.
        BOOST_TEST(kept(s, {"*:*:0/2", "Sat,Sun"}, 7000) == 5000LL * 43'200);
        BOOST_TEST(
            kept(s, {"Sat,Sun *:*:0/2", "Sun *:*:1"}, 7000) ==
            5000LL * 86'400 + 1000LL * 43'200 + 1000LL * (43'200 - 1440));
    }
    // Of 2,000 days' seconds each seventh; 7 does not divide a day, so the days take turns.
    schedule seventh = cron;
    seventh.nth = {.n = 7, .from = std::chrono::local_days{std::chrono::year{2026} / 1 / 1}};
    const schedule sevens{.every = 7s};
    const std::int64_t all = (2100LL * 86'400 + 6) / 7;
    const std::int64_t by_minute = 2100LL * 1440 / 7; // in 7 minutes each second comes once
    BOOST_TEST(kept(seventh, {"*:*:30"}, 2100) == all - by_minute);
    const std::int64_t sevens_kept = kept(sevens, {"*:*:30"}, 2100);
    BOOST_TEST(std::abs(sevens_kept - (all - by_minute)) <= 1);
}

BOOST_AUTO_TEST_CASE(single_instants_are_looked_at_one_by_one)
{
    const instant from = parse_instant("2026-01-01T00:00:00Z").value();
    schedule s{.at = {from, from + 30s, from + 90s, from + 24h, from + 24h + 30s}};
    s.exclude.push_back(parse_exclusion("*:*:30", {}).value());
    BOOST_TEST(occurrences(s, {}).count(instant::min(), instant::max()) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
