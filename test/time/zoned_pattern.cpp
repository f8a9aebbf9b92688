// The library's arithmetic against an oracle that looks at every minute.

#include "print.hpp"
#include "time/brute_force.hpp"
#include "time/random_expressions.hpp"
#include <carillon/time/calendar.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/time/zoned_pattern.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <variant>

using namespace carillon;
using namespace std::chrono_literals;
using test::expression_kind;

namespace zoned_patterns {

/** Years with leap days and whatever else the zone has to offer. */
struct stretch {
    const char* zone;
    const char* from;
    const char* to;
};

constexpr stretch stretches[] = {
    {"UTC", "2099-01-01T00:00:00Z", "2101-12-31T00:00:00Z"},
    {"Europe/Berlin", "2023-11-01T00:00:00Z", "2026-02-01T00:00:00Z"},
    {"America/New_York", "2026-01-01T00:00:00Z", "2028-12-31T00:00:00Z"},
    {"America/Havana", "2010-01-01T00:00:00Z", "2012-12-31T00:00:00Z"},
    {"Australia/Lord_Howe", "2024-01-01T00:00:00Z", "2025-12-31T00:00:00Z"},
    {"Pacific/Apia", "2010-06-01T00:00:00Z", "2012-12-31T00:00:00Z"},
    {"Africa/Casablanca", "2024-01-01T00:00:00Z", "2025-12-31T00:00:00Z"},
    {"Africa/Monrovia", "1971-06-01T00:00:00Z", "1972-12-31T00:00:00Z"},
    {"America/Scoresbysund", "2023-06-01T00:00:00Z", "2024-12-31T00:00:00Z"},
    {"Asia/Kathmandu", "1985-06-01T00:00:00Z", "1986-12-31T00:00:00Z"},
    {"America/Sao_Paulo", "2017-01-01T00:00:00Z", "2019-06-01T00:00:00Z"},
    {"Antarctica/Troll", "2023-12-01T00:00:00Z", "2025-12-31T00:00:00Z"},
};

constexpr dst_policy policies[] = {
    dst_policy::run, dst_policy::skip, dst_policy::both, dst_policy::shift};
constexpr const char* policy_names[] = {"run", "skip", "both", "shift"};

/** An expression as both sides read it. */
struct question {
    expression_kind kind;
    std::string text;
    std::string job_name;
    const stretch* where;
    std::size_t policy;

    std::string describe() const
    {
        return fmt::format(
            "{} '{}' of job '{}' in {}, dst={}",
            kind == expression_kind::cron ? "cron" : "calendar", text, job_name, where->zone,
            policy_names[policy]);
    }

    std::vector<instant> expected() const
    {
        return test::brute_force(
            kind, text, where->zone, from(), to(), static_cast<test::dst_rule>(policy), job_name);
    }

    instant from() const { return parse_instant(where->from).value(); }
    instant to() const { return parse_instant(where->to).value(); }
};

struct answer {
    local_pattern pattern;
    time_zone zone;
};

answer parse(const question& q)
{
    if (q.kind == expression_kind::cron) {
        auto meaning = parse_cron(q.text, q.job_name);
        BOOST_TEST_REQUIRE(meaning.has_value(), q.describe() << ": " << meaning.error().what);
        return {std::get<local_pattern>(*meaning), time_zone::load(q.where->zone).value()};
    }
    auto meaning = parse_calendar(q.text);
    BOOST_TEST_REQUIRE(meaning.has_value(), q.describe() << ": " << meaning.error().what);
    const std::string zone = meaning->zone.empty() ? q.where->zone : meaning->zone;
    return {std::move(meaning->pattern), time_zone::load(zone).value()};
}

/** The place of the first difference between what is found and what is expected; their size where
 * there is none. */
std::size_t first_difference(
    const zoned_pattern& found, const question& q, const std::vector<instant>& expected)
{
    instant t = q.from();
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto next = found.next_after(t);
        if (next != expected[i]) return i;
        t = *next;
    }
    const auto behind = found.next_after(t);
    return behind && *behind <= q.to() ? expected.size() + 1 : expected.size();
}

void check_walk(const zoned_pattern& found, const question& q, const std::vector<instant>& expected)
{
    const std::size_t at = first_difference(found, q, expected);
    if (at == expected.size()) return;
    const instant before = at == 0 ? q.from() : expected[std::min(at, expected.size()) - 1];
    const auto next = found.next_after(before);
    BOOST_ERROR(
        q.describe() << ": after " << format_utc(before) << " comes "
                     << (next ? format_utc(*next) : "never") << ", not "
                     << (at < expected.size() ? format_utc(expected[at]) : "later"));
}

/** At random places, on instants and between them. */
void check_back_and_count(
    const zoned_pattern& found,
    const question& q,
    const std::vector<instant>& expected,
    std::mt19937_64& random)
{
    const auto draw = [&]() -> instant {
        if (!expected.empty() && random() % 2 == 0) return expected[random() % expected.size()];
        const auto width = static_cast<std::uint64_t>((q.to() - q.from()).count());
        return q.from() + microseconds{static_cast<std::int64_t>(1 + random() % width)};
    };
    for (int i = 0; i < 20; ++i) {
        instant a = draw();
        instant b = draw();
        if (b < a) std::swap(a, b);
        const auto begin = std::lower_bound(expected.begin(), expected.end(), a);
        const auto end = std::upper_bound(expected.begin(), expected.end(), b);
        BOOST_TEST(
            found.count(a, b) == end - begin,
            q.describe() << ": count from " << format_utc(a) << " to " << format_utc(b));
        const auto last = found.last_until(b);
        if (end == expected.begin())
            BOOST_TEST(
                (!last || *last <= q.from()), q.describe() << ": none until " << format_utc(b));
        else
            BOOST_TEST(last == *(end - 1), q.describe() << ": last until " << format_utc(b));
    }
}

void check(const question& q, std::mt19937_64& random)
{
    if (q.text.starts_with('@') && q.kind == expression_kind::calendar) return; // no pattern
    const answer a = parse(q);
    const auto expected = q.expected();
    const zoned_pattern found(a.pattern, a.zone, policies[q.policy]);
    check_walk(found, q, expected);
    check_back_and_count(found, q, expected, random);
}

std::uint64_t seed()
{
    const char* given = std::getenv("CARILLON_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260329;
}

int rounds()
{
    const char* given = std::getenv("CARILLON_TEST_ROUNDS");
    return given != nullptr ? std::atoi(given) : 4;
}

} // namespace zoned_patterns

BOOST_AUTO_TEST_SUITE(zoned_patterns)

BOOST_AUTO_TEST_CASE(random_expressions_fire_when_the_oracle_says)
{
    std::mt19937_64 random(seed());
    BOOST_TEST_CONTEXT("CARILLON_TEST_SEED=" << seed())
    for (int round = 0; round < rounds(); ++round) {
        for (const stretch& where : stretches) {
            for (std::size_t policy = 0; policy < std::size(policies); ++policy) {
                check(
                    {expression_kind::cron, test::random_cron(random), "backup", &where, policy},
                    random);
                check(
                    {expression_kind::calendar, test::random_calendar(random), {}, &where, policy},
                    random);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
