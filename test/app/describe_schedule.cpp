#include "text/describe_schedule.hpp"

#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(schedules_in_english)

BOOST_AUTO_TEST_CASE(cron)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    const std::vector<std::pair<std::string, std::string>> cases{
        {"0 9 * * MON-FRI", "at 09:00 on Monday to Friday"},
        {"0 9,17 * * *", "at 09:00 and 17:00 every day"},
        {"* * * * *", "every minute"},
        {"* * * * * *", "every second"},
        {"*/10 * * * * *", "every 10 seconds"},
        {"*/15 * * * *", "every 15 minutes"},
        {"*/15 8-17 * * *", "every 15 minutes from 08:00 to 17:59"},
        {"5 * * * *", "at minute 5 of every hour"},
        {"5,25,45 */2 * * *", "at minutes 5, 25 and 45 of every second hour"},
        {"@weekly", "at 00:00 on Sunday"},
        {"@yearly", "at 00:00 on day 1 of the month in January"},
        {"0 0 L * *", "at 00:00 on the last day of the month"},
        {"0 0 L-1,L-3 * *", "at 00:00 on the day before the last of the month and 3 days before "
                            "the last of the month"},
        {"0 0 15W * *", "at 00:00 on the Monday to Friday nearest to day 15"},
        {"0 0 LW * *", "at 00:00 on the last Monday to Friday of the month"},
        {"0 0 * * TUE#2", "at 00:00 on the second Tuesday of the month"},
        {"0 0 * * FRIL", "at 00:00 on the last Friday of the month"},
        {"0 0 13 * FRI", "at 00:00 on day 13 of the month or on Friday"},
        {"0 9 1-31 * MON", "at 09:00 every day"},
        {"0 0 1 * 0-6", "at 00:00 every day"},
        {"0 0 1-7 * */7", "at 00:00 on days 1 to 7 of the month, only on Sunday"},
        {"0 0 1 NOV-FEB *",
         "at 00:00 on day 1 of the month in January, February, November and December"},
        {"30 0 9 * * * 2027-2029", "at 09:00:30 in 2027 to 2029"},
        {"0 6 * * SUN,SAT", "at 06:00 on Saturday and Sunday"},
    };
    for (const auto& [text, words] : cases)
        BOOST_TEST(
            in_english(schedule_from_cron(text, berlin).value()) == words + ", Europe/Berlin",
            text);
}

BOOST_AUTO_TEST_CASE(every_nth_time)
{
    struct row {
        const char* cron;
        std::int64_t n;
        const char* words;
    };
    const std::vector<row> rows{
        {"0 9 * * MON", 2, "at 09:00 on every second Monday"},
        {"0 9 * * SUN", 5, "at 09:00 on every fifth Sunday"},
        {"0 9 * * *", 3, "at 09:00 every third day"},
        {"0 9 * * *", 21, "at 09:00 every 21st day"},
        {"0 9 * * *", 12, "at 09:00 every 12th day"},
        {"0 6 1 * *", 3, "at 06:00 on day 1 of every third month"},
        {"0 6 L * *", 2, "at 06:00 on the last day of every second month"},
        {"0 6 * * FRI#2", 2, "at 06:00 on the second Friday of every second month"},
        {"0 6 31 * *", 2, "at 06:00 on day 31 of the month, every second of these times"},
        {"0 6 * * FRI#5", 2,
         "at 06:00 on the fifth Friday of the month, every second of these times"},
        {"0 9,17 * * MON", 2, "at 09:00 and 17:00 on Monday, every second of these times"},
        {"0 9 * * MON,TUE", 2, "at 09:00 on Monday and Tuesday, every second of these times"},
        {"0 9 * 3 MON", 2, "at 09:00 on Monday in March, every second of these times"},
        {"*/20 * * * *", 4, "every 20 minutes, every fourth of these times"},
    };
    for (const row& r : rows) {
        schedule s = schedule_from_cron(r.cron).value();
        s.nth = {.n = r.n};
        BOOST_TEST(in_english(s) == std::string(r.words) + ", UTC", r.cron);
    }
}

BOOST_AUTO_TEST_CASE(other_kinds_and_what_narrows_them)
{
    BOOST_TEST(
        in_english(schedule{.every = 15min, .on_boot = 5min, .accuracy = 1min}) ==
        "5min after boot, then every 15min (within 1min)");
    BOOST_TEST(
        in_english(schedule_from_calendar("Mon *-*~07/1 18:00").value()) ==
        "at 18:00 on the last 7 days of the month, only on Monday, UTC");
    BOOST_TEST(
        in_english(schedule_from_calendar("*:*:0.125/2.5").value()) ==
        "at second 0.125 and then every 2.5s of every minute, UTC");
    BOOST_TEST(
        in_english(schedule_from_calendar("@1767225661").value()) == "at 2026-01-01T00:01:01Z");
    schedule s = schedule_from_cron("0 9 * * *").value();
    s.start = parse_instant("2027-01-01T00:00:00Z").value();
    s.end = parse_instant("2028-01-01T00:00:00Z").value();
    s.exclude.push_back(parse_exclusion("Sat,Sun", {}).value());
    s.exclude.push_back(parse_exclusion("2027-12-24", {}).value());
    s.jitter = 30s;
    BOOST_TEST(
        in_english(s) == "at 09:00 every day, UTC, from 2027-01-01T00:00:00Z, before "
                         "2028-01-01T00:00:00Z, not on Sat,Sun or 2027-12-24 (up to 30s later)");
    schedule hourly{.every = 1h};
    hourly.catch_up_window = 24h;
    BOOST_TEST(in_english(hourly) == "every 1h; a missed run of at most 1d ago is made up for");
    hourly.catch_up = catch_up_policy::all;
    BOOST_TEST(
        in_english(hourly) ==
        "every 1h; each missed run of at most 1d ago is made up for, the newest 100 of them");
    hourly.catch_up = catch_up_policy::none;
    BOOST_TEST(in_english(hourly) == "every 1h; what was missed is not made up for");
}

BOOST_AUTO_TEST_SUITE_END()
