// Every n-th local time against a walk over all of them.

#include "print.hpp"
#include "time/random_expressions.hpp"
#include <carillon/time/schedule.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>
#include <set>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace every_nths {

/** A stretch in which each zone's offset changes. */
struct stretch {
    const char* zone;
    const char* from;
    const char* to;
};

constexpr stretch stretches[] = {
    {"UTC", "2099-10-01T00:00:00Z", "2101-03-31T00:00:00Z"},
    {"Europe/Berlin", "2025-03-01T00:00:00Z", "2026-11-01T00:00:00Z"},
    {"America/Sao_Paulo", "2017-09-01T00:00:00Z", "2019-03-01T00:00:00Z"},
    {"Australia/Lord_Howe", "2024-03-01T00:00:00Z", "2025-06-01T00:00:00Z"},
    {"Pacific/Apia", "2011-03-01T00:00:00Z", "2012-06-01T00:00:00Z"},
    {"Africa/Monrovia", "1971-06-01T00:00:00Z", "1972-06-01T00:00:00Z"},
    {"Antarctica/Troll", "2024-01-01T00:00:00Z", "2025-04-01T00:00:00Z"},
};

constexpr dst_policy policies[] = {
    dst_policy::run, dst_policy::skip, dst_policy::both, dst_policy::shift};

/** The instants of one local time, as section 2's table has them. */
std::vector<instant> instants_of_time(const schedule& s, local_instant t)
{
    const auto periods = s.expression->zone.periods();
    const bool is_fixed = is_fixed_time(s);
    std::vector<instant> passes;
    std::vector<instant> moved;
    for (std::size_t i = 0; i < periods.size(); ++i) {
        const instant begin = periods[i].begin;
        const instant shown{t.time_since_epoch() - periods[i].offset};
        const bool has_ended = i + 1 < periods.size() && shown >= periods[i + 1].begin;
        if (shown >= begin && !has_ended) passes.push_back(shown);
        if (i == 0) continue;
        const instant by_clocks_before{t.time_since_epoch() - periods[i - 1].offset};
        const auto gap = periods[i].offset - periods[i - 1].offset;
        if (by_clocks_before >= begin && shown < begin && gap < 24h)
            moved = {s.dst == dst_policy::shift ? by_clocks_before : begin};
    }
    if (passes.empty()) return is_fixed && s.dst != dst_policy::skip ? moved : passes;
    const bool is_once = s.dst == dst_policy::skip || (is_fixed && s.dst != dst_policy::both);
    if (is_once) passes.resize(1);
    return passes;
}

/** Worked out by walking over the local times from number 0 on. */
std::set<instant> walked(const schedule& s, local_instant until)
{
    std::set<instant> out;
    std::int64_t number = 0;
    for (auto t = s.expression->pattern->first_from(s.nth->from); t && *t < until;
         t = s.expression->pattern->first_from(*t + one_tick), ++number)
        if (number % s.nth->n == 0)
            for (const instant at : instants_of_time(s, *t)) out.insert(at);
    return out;
}

schedule random_schedule(std::mt19937_64& random, const stretch& where)
{
    const time_zone zone = time_zone::load(where.zone).value();
    const bool is_cron = random() % 2 == 0;
    auto made = is_cron ? schedule_from_cron(test::random_cron(random), zone, "backup")
                        : schedule_from_calendar(test::random_calendar(random), zone);
    while (!made || !made->expression)
        made = schedule_from_calendar(test::random_calendar(random), zone);
    schedule s = std::move(*made);
    s.dst = policies[random() % 4];
    const instant from = parse_instant(where.from).value();
    const local_instant start = s.expression->zone.to_local(
        from + std::chrono::minutes{static_cast<std::int64_t>(random() % (200 * 1440))});
    const bool is_date = random() % 2 == 0;
    s.nth = {
        .n = static_cast<std::int64_t>(2 + random() % (random() % 4 == 0 ? 1000 : 5)),
        .from = is_date ? std::chrono::floor<std::chrono::days>(start) : start};
    return s;
}

void check(const schedule& s, const stretch& where, std::mt19937_64& random)
{
    const instant from = parse_instant(where.from).value();
    const instant to = parse_instant(where.to).value();
    const std::set<instant> all = walked(s, s.expression->zone.to_local(to) + std::chrono::days{3});
    const occurrences found(s, {});
    auto next = found.next_after(from);
    for (const instant expected : all) {
        if (expected > to) break;
        BOOST_TEST_REQUIRE(next == expected);
        next = found.next_after(*next);
    }
    BOOST_TEST((!next || *next > to));
    for (int i = 0; i < 20; ++i) {
        const auto draw = [&] {
            const auto width = static_cast<std::uint64_t>((to - from).count());
            return from + microseconds{static_cast<std::int64_t>(random() % width)};
        };
        const instant a = draw();
        const instant b = std::max(a, draw());
        const auto behind = all.upper_bound(b);
        BOOST_TEST(found.count(a, b) == std::distance(all.lower_bound(a), behind));
        BOOST_TEST(
            found.last_until(b) ==
            (behind == all.begin() ? std::nullopt : std::optional(*std::prev(behind))));
    }
}

instant at(const char* text) { return parse_instant(text).value(); }

local_instant local_at(const char* text)
{
    return local_time_of(parse_timestamp(text).value(), time_zone());
}

/** The first instants at or after `from`, as short as exact. */
std::vector<std::string> first_of(const schedule& s, const char* from, std::size_t count)
{
    std::vector<std::string> out;
    const occurrences found(s, {});
    for (auto t = found.next_after(at(from) - one_tick); t && out.size() < count;
         t = found.next_after(*t))
        out.push_back(format_utc_short(*t));
    return out;
}

} // namespace every_nths

BOOST_AUTO_TEST_SUITE(every_nths)

BOOST_AUTO_TEST_CASE(agrees_with_a_walk_over_the_local_times)
{
    std::mt19937_64 random(20260105); // NOLINT: the same cases each time
    for (int round = 0; round < 25; ++round)
        for (const stretch& where : stretches) {
            const schedule s = random_schedule(random, where);
            BOOST_TEST_CONTEXT(fmt::format(
                "{} in {}, dst {}, n {}, from {}", s.expression->text, s.expression->zone.name(),
                static_cast<int>(s.dst), s.nth->n, s.nth->from.time_since_epoch().count()))
            check(s, where, random);
        }
}

BOOST_AUTO_TEST_CASE(worked_examples)
{
    struct row {
        const char* name;
        const char* cron;
        const char* zone;
        const char* start;
        std::int64_t n;
        const char* exclude;
        std::vector<std::string> expected;
    };
    const std::vector<row> rows{
        {"every second Monday",
         "0 9 * * MON",
         "UTC",
         "2026-01-05",
         2,
         nullptr,
         {"2026-01-05T09:00:00Z", "2026-01-19T09:00:00Z", "2026-02-02T09:00:00Z"}},
        {"the start itself need not be named",
         "0 9 * * MON",
         "UTC",
         "2026-01-06",
         2,
         nullptr,
         {"2026-01-12T09:00:00Z", "2026-01-26T09:00:00Z"}},
        {"the start is included",
         "0 9 * * MON",
         "UTC",
         "2026-01-05 09:00",
         3,
         nullptr,
         {"2026-01-05T09:00:00Z", "2026-01-26T09:00:00Z"}},
        {"a holiday moves no later run",
         "0 9 * * MON",
         "UTC",
         "2026-01-05",
         2,
         "2026-01-19",
         {"2026-01-05T09:00:00Z", "2026-02-02T09:00:00Z", "2026-02-16T09:00:00Z"}},
        {"each quarter",
         "0 6 1 * *",
         "UTC",
         "2026-02-01",
         3,
         nullptr,
         {"2026-02-01T06:00:00Z", "2026-05-01T06:00:00Z", "2026-08-01T06:00:00Z"}},
        {"a gap drops no number",
         "30 2 * * *",
         "Europe/Berlin",
         "2026-03-27",
         2,
         nullptr,
         {"2026-03-27T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-31T00:30:00Z"}},
        {"a fold adds none",
         "*/30 * * * *",
         "Europe/Berlin",
         "2026-10-25 01:30",
         2,
         nullptr,
         {"2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
          "2026-10-25T02:30:00Z"}},
    };
    for (const row& r : rows) BOOST_TEST_CONTEXT(r.name)
        {
            const time_zone zone = time_zone::load(r.zone).value();
            schedule s = schedule_from_cron(r.cron, zone).value();
            s.start = first_instant_of(parse_timestamp(r.start).value(), zone);
            s.nth = {.n = r.n, .from = local_at(r.start)};
            if (r.exclude != nullptr) s.exclude.push_back(parse_exclusion(r.exclude, zone).value());
            BOOST_TEST(
                first_of(s, "2026-01-01T00:00:00Z", r.expected.size()) == r.expected,
                boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE(a_century_of_seconds_is_counted_not_walked)
{
    schedule s =
        schedule_from_cron("* * * * * *", time_zone::load("Europe/Berlin").value()).value();
    s.nth = {.n = 7, .from = local_at("2026-01-01")};
    const occurrences found(s, {});
    const instant first = at("2025-12-31T23:00:00Z");
    const instant end = at("2125-12-31T23:00:00Z");
    const std::int64_t seconds = (end - first) / 1s;
    // In winter both ends have the same offset; a fold's second pass fires again what is due in it,
    // and a gap leaves that out: at most one more or less each.
    const std::int64_t counted = found.count(first, end - one_tick);
    BOOST_TEST(std::abs(counted - (seconds + 6) / 7) <= 100);
    const auto last = found.last_until(end - one_tick);
    BOOST_TEST_REQUIRE(last.has_value());
    BOOST_TEST(((*last - first) / 1s) % 7 == 0);
    BOOST_TEST(found.next_after(*last) == *last + 7s);
    BOOST_TEST(found.last_until(first) == first);
    BOOST_TEST(!found.last_until(first - one_tick));
}

BOOST_AUTO_TEST_CASE(a_number_may_be_larger_than_any_count)
{
    schedule s = schedule_from_cron("* * * * * *").value();
    s.nth = {.n = std::numeric_limits<std::int64_t>::max(), .from = local_at("2026-01-01")};
    const occurrences found(s, {});
    BOOST_TEST(found.next_after(instant::min()) == at("2026-01-01T00:00:00Z"));
    BOOST_TEST(!found.next_after(at("2026-01-01T00:00:00Z")));
    BOOST_TEST(found.count(instant::min(), instant::max()) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
