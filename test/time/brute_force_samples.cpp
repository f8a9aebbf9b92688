#include "brute_force.hpp"
#include "random_expressions.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// The build names the file of samples: tab-separated kind, expression, zone, from, count, options,
// expected, comment.
#ifndef CARILLON_SCHEDULE_SAMPLES
#define CARILLON_SCHEDULE_SAMPLES "schedule-samples.tsv"
#endif

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace brute_force_samples {

using strings = std::vector<std::string>;

constexpr std::chrono::years year{1};

strings split_at(const std::string& text, char separator)
{
    strings parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

int number_at(const std::string& text, std::size_t at, std::size_t length)
{
    return std::stoi(text.substr(at, length));
}

/** `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` */
instant read_instant(const std::string& text)
{
    const std::chrono::year_month_day date{
        std::chrono::year{number_at(text, 0, 4)},
        std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
        std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
    const instant t = std::chrono::sys_days{date} + std::chrono::hours{number_at(text, 11, 2)} +
                      std::chrono::minutes{number_at(text, 14, 2)} +
                      std::chrono::seconds{number_at(text, 17, 2)};
    return text.at(19) == '.' ? t + microseconds{number_at(text, 20, 6)} : t;
}

struct sample {
    strings columns;

    const std::string& kind() const { return columns[0]; }
    const std::string& expression() const { return columns[1]; }
    const std::string& expected() const { return columns[6]; }
    instant from() const { return read_instant(columns[3]); }

    std::string option(const std::string& key) const
    {
        const std::string& text = columns[5];
        return text.starts_with(key + "=") ? text.substr(key.size() + 1) : "";
    }

    std::vector<instant> expected_instants() const
    {
        std::vector<instant> instants;
        if (expected() == "never") return instants;
        for (const std::string& word : split_at(expected(), ' '))
            instants.push_back(read_instant(word));
        return instants;
    }

    bool runs_out() const { return std::to_string(expected_instants().size()) != columns[4]; }
};

/** All that are cron or calendar, but not `@every`. */
std::vector<sample> read_samples()
{
    std::ifstream file{CARILLON_SCHEDULE_SAMPLES};
    std::vector<sample> samples;
    for (std::string line; std::getline(file, line);) {
        sample s{split_at(line, '\t')};
        if (s.columns.size() < 7 || (s.kind() != "cron" && s.kind() != "calendar")) continue;
        if (!s.expression().starts_with("@every")) samples.push_back(std::move(s));
    }
    return samples;
}

dst_rule read_rule(const std::string& text)
{
    if (text == "skip") return dst_rule::skip;
    if (text == "both") return dst_rule::both;
    if (text == "shift") return dst_rule::shift;
    return dst_rule::run;
}

std::vector<instant> run(const sample& s, instant from, instant to)
{
    return brute_force(
        s.kind() == "cron" ? expression_kind::cron : expression_kind::calendar, s.expression(),
        s.columns[2], from, to, read_rule(s.option("dst")), s.option("name"));
}

/** Up to the last expected instant, and years beyond where no more are to come. The start is not
 * so far away that a century would be walked. */
void check(const sample& s)
{
    const std::vector<instant> expected = s.expected_instants();
    const instant last = expected.empty() ? s.from() : expected.back();
    const instant from = std::max(s.from(), instant{last - 15 * year});
    const instant to = s.runs_out() ? instant{last + 5 * year} : last;
    const std::vector<instant> found = run(s, from, to);
    strings expected_text;
    strings found_text;
    for (const instant t : expected) expected_text.push_back(format_utc(t));
    for (const instant t : found) found_text.push_back(format_utc(t));
    BOOST_TEST(found_text == expected_text, boost::test_tools::per_element());
}

} // namespace brute_force_samples

BOOST_AUTO_TEST_SUITE(brute_force_samples)

BOOST_AUTO_TEST_CASE(agrees_with_the_samples)
{
    const std::vector<sample> samples = read_samples();
    BOOST_TEST(samples.size() > 70);
    for (const sample& s : samples) {
        BOOST_TEST_CONTEXT(s.kind() << ' ' << s.expression() << ' ' << s.columns[2])
        {
            if (s.expected() == "error")
                BOOST_CHECK_THROW(run(s, s.from(), s.from() + 1h), std::invalid_argument);
            else
                check(s);
        }
    }
}

struct zone_row {
    std::string_view name;
    expression_kind kind;
    std::string_view expression;
    std::string zone;
    std::string from;
    std::string to;
    dst_rule dst;
    strings expected;
};

BOOST_AUTO_TEST_CASE(knows_odd_changes_of_offset)
{
    constexpr auto cron = expression_kind::cron;
    constexpr auto calendar = expression_kind::calendar;
    // The changes are those of the IANA time zone database; the answers were worked out by hand.
    const std::vector<zone_row> rows{
        {"44 min 30 s left out",
         cron,
         "20 0 * * *",
         "Africa/Monrovia",
         "1972-01-06T12:00:00Z",
         "1972-01-08T12:00:00Z",
         dst_rule::run,
         {"1972-01-07T00:44:30.000000Z", "1972-01-08T00:20:00.000000Z"}},
        {"the same, later by the gap",
         cron,
         "20 0 * * *",
         "Africa/Monrovia",
         "1972-01-06T12:00:00Z",
         "1972-01-08T12:00:00Z",
         dst_rule::shift,
         {"1972-01-07T01:04:30.000000Z", "1972-01-08T00:20:00.000000Z"}},
        {"seconds in an offset",
         calendar,
         "*:15",
         "Africa/Monrovia",
         "1972-01-06T22:30:00Z",
         "1972-01-07T02:00:00Z",
         dst_rule::run,
         {"1972-01-06T22:59:30.000000Z", "1972-01-06T23:59:30.000000Z",
          "1972-01-07T01:15:00.000000Z"}},
        {"a day left out, shifted neither",
         cron,
         "0 9 * * *",
         "Pacific/Apia",
         "2011-12-29T00:00:00Z",
         "2011-12-31T00:00:00Z",
         dst_rule::shift,
         {"2011-12-29T19:00:00.000000Z", "2011-12-30T19:00:00.000000Z"}},
        {"each pass of a short fold",
         calendar,
         "*:30",
         "Australia/Lord_Howe",
         "2026-04-04T14:00:00Z",
         "2026-04-04T16:00:00Z",
         dst_rule::run,
         {"2026-04-04T14:30:00.000000Z", "2026-04-04T15:00:00.000000Z",
          "2026-04-04T16:00:00.000000Z"}},
        {"the weekday is the written one",
         cron,
         "30 23 * * SAT",
         "America/Scoresbysund",
         "2025-03-29T12:00:00Z",
         "2025-03-31T12:00:00Z",
         dst_rule::run,
         {"2025-03-30T01:00:00.000000Z"}},
        {"fractions in a gap",
         calendar,
         "02:59:59.5",
         "Europe/Berlin",
         "2026-03-28T12:00:00Z",
         "2026-03-29T12:00:00Z",
         dst_rule::shift,
         {"2026-03-29T01:59:59.500000Z"}},
        {"moved beside its like",
         cron,
         "0,30 2,3 * * *",
         "Europe/Berlin",
         "2026-03-28T12:00:00Z",
         "2026-03-29T12:00:00Z",
         dst_rule::shift,
         {"2026-03-29T01:00:00.000000Z", "2026-03-29T01:30:00.000000Z"}},
    };
    for (const zone_row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            strings found;
            for (const instant t : carillon::test::brute_force(
                     r.kind, r.expression, r.zone, read_instant(r.from), read_instant(r.to), r.dst))
                found.push_back(format_utc(t));
            BOOST_TEST(found == r.expected, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(reads_day_fields_literally)
{
    struct row {
        std::string expression;
        std::vector<unsigned> days; // of January 2026, which begins on a Thursday
    };
    const std::vector<row> rows{
        {"0 0 4-10 * *", {4, 5, 6, 7, 8, 9, 10}},
        {"0 0 * 1 1/2", {2, 4, 5, 7, 9, 11, 12, 14, 16, 18, 19, 21, 23, 25, 26, 28, 30}},
        {"0 0 ? 1 FRI-MON/2", {2, 4, 9, 11, 16, 18, 23, 25, 30}},
        {"0 0 */31 1 0-7/2", {1}},
        {"0 0 */2 1 7-2", {5, 11, 13, 19, 25, 27}},
        {"0 0 */2 1 0-7/7", {11, 25}},
        {"0 0 ? 1 ?/7", {4, 11, 18, 25}},
        {"0 0 *,5 1 MON", {5, 12, 19, 26}},
        {"0 0 31 1 *,MON", {31}},
        {"0 0 31W 1 ?", {30}},
        {"0 0 L,LW,L-30,4W * ?", {1, 5, 30, 31}},
        {"0 0 28-3/2 * ?", {1, 3, 28, 30}},
        {"0 0 9 * MON-WED#1", {5, 6, 7, 9}},
        {"0 0 ? * SAT-7#2", {10, 11}},
        {"0 0 ? * 5#5,0L,6#l", {25, 30, 31}},
        {"0 0 0 ? 12-1 thu#5 2025-2027", {29}},
    };
    const instant from = read_instant("2025-12-31T12:00:00Z");
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.expression)
        {
            std::vector<unsigned> days;
            for (const instant t : carillon::test::brute_force(
                     expression_kind::cron, r.expression, "UTC", from, from + 31 * 24h)) {
                const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(t)};
                days.push_back(static_cast<unsigned>(date.day()));
            }
            BOOST_TEST(days == r.days, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_what_is_none)
{
    const strings none{
        "",
        "* * * *",
        "0 0 * * L",
        "0 0 * * 8",
        "0 0 0 * *",
        "60 * * * *",
        "0 24 * * *",
        "*/61 * * * *",
        "*/0 * * * *",
        "0 0 * * */8",
        "00000 0 * * *",
        "? * * * *",
        "0 0 32W * *",
        "0 0 L-31 * *",
        "0 0 L-0 * *",
        "0 0 * * MON#6",
        "0 0 * * MON#0",
        "0 0 * * MON-FRI/2#1",
        "0 0 * * MONDAY",
        "0 0 * MON *",
        "0 0 1,,2 * *",
        "0 0 1, * *",
        "H(5-4) * * * *",
        "H(0-9)/11 * * * *",
        "0 0 0 * * * H",
        "0 0 0 * * * 2030-2020",
        "0 0 0 * * * 1969",
        "1~5 * * * *",
        "@reboot",
        "@every 5min",
        "@fortnightly",
        "0 0 * * *L"};
    const instant from = read_instant("2026-01-01T00:00:00Z");
    for (const std::string& text : none) {
        BOOST_TEST_CONTEXT(text)
        BOOST_CHECK_THROW(
            carillon::test::brute_force(expression_kind::cron, text, "UTC", from, from + 1h),
            std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(reads_every_random_expression)
{
    std::mt19937_64 random{1};
    const instant from = read_instant("2026-03-01T00:00:00Z");
    for (int i = 0; i < 5000; ++i) {
        const std::string cron = random_cron(random);
        const std::string calendar = random_calendar(random);
        BOOST_TEST_CONTEXT(cron << " | " << calendar)
        {
            BOOST_CHECK_NO_THROW(
                carillon::test::brute_force(expression_kind::cron, cron, "UTC", from, from + 24h));
            BOOST_CHECK_NO_THROW(carillon::test::brute_force(
                expression_kind::calendar, calendar, "UTC", from, from + 24h));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
