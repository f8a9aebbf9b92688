#include "text/dst_change.hpp"

#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;

BOOST_AUTO_TEST_SUITE(next_changes)

BOOST_AUTO_TEST_CASE(what_a_change_does_to_a_schedule)
{
    struct row {
        const char* cron;
        const char* zone;
        const char* from;
        dst_policy dst;
        const char* expected;
    };
    constexpr const char* winter = "2027-01-01T00:00:00Z";
    constexpr const char* summer = "2027-07-01T00:00:00Z";
    using enum dst_policy;
    const std::vector<row> rows{
        {"30 2 * * *", "Europe/Berlin", winter, run,
         "on 2027-03-28 02:30 does not exist: runs at 03:00 instead"},
        {"30 2 * * *", "Europe/Berlin", winter, both,
         "on 2027-03-28 02:30 does not exist: runs at 03:00 instead"},
        {"30 2 * * *", "Europe/Berlin", winter, skip,
         "on 2027-03-28 02:30 does not exist: is left out"},
        {"30 2 * * *", "Europe/Berlin", winter, shift,
         "on 2027-03-28 02:30 does not exist: runs at 03:30 instead"},
        {"0,30 2 * * *", "Europe/Berlin", winter, shift,
         "on 2027-03-28 02:00 and 02:30 do not exist: runs 1h later"},
        {"0,30 2 * * *", "Europe/Berlin", winter, run,
         "on 2027-03-28 02:00 and 02:30 do not exist: runs at 03:00 instead"},
        {"*/15 2 * * *", "Europe/Berlin", winter, run,
         "on 2027-03-28 4 times from 02:00 to 02:45 do not exist: are left out"},
        {"30 2 * * *", "Europe/Berlin", summer, run,
         "on 2027-10-31 02:30 comes twice: runs the first time only"},
        {"30 2 * * *", "Europe/Berlin", summer, both,
         "on 2027-10-31 02:30 comes twice: runs both times"},
        {"*/30 2 * * *", "Europe/Berlin", summer, run,
         "on 2027-10-31 02:00 and 02:30 come twice: runs both times"},
        {"*/30 2 * * *", "Europe/Berlin", summer, skip,
         "on 2027-10-31 02:00 and 02:30 come twice: runs the first time only"},
        {"30 9 * * *", "Europe/Berlin", winter, run, ""},
        {"30 2 * * MON", "Europe/Berlin", winter, run, ""},
        {"30 2 * * *", "UTC", winter, run, ""},
        {"45 1 * * *", "Australia/Lord_Howe", winter, run,
         "on 2027-04-04 01:45 comes twice: runs the first time only"},
        {"0 9 * * FRI", "Pacific/Apia", "2011-12-01T00:00:00Z", run,
         "on 2011-12-30 09:00 does not exist: is left out"},
    };
    for (const row& r : rows) {
        schedule s = schedule_from_cron(r.cron, time_zone::load(r.zone).value()).value();
        s.dst = r.dst;
        BOOST_TEST_CONTEXT(r.cron << " " << r.zone)
        {
            BOOST_TEST(describe_next_change(s, parse_instant(r.from).value()) == r.expected);
        }
    }
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    schedule s = schedule_from_cron("30 2 * * *", berlin).value();
    s.exclude.push_back(parse_exclusion("2027-03-28", berlin).value());
    BOOST_TEST(describe_next_change(s, parse_instant(winter).value()).empty());
    BOOST_TEST(!describe_next_change(s, parse_instant(summer).value()).empty());
    // The night of the change has an odd number, or an even one.
    schedule nightly = schedule_from_cron("30 2 * * *", berlin).value();
    const std::chrono::local_days night{std::chrono::year{2027} / 3 / 28};
    nightly.nth = {.n = 2, .from = night - std::chrono::days{1}};
    BOOST_TEST(describe_next_change(nightly, parse_instant(winter).value()).empty());
    nightly.nth->from = night - std::chrono::days{2};
    BOOST_TEST(!describe_next_change(nightly, parse_instant(winter).value()).empty());
    BOOST_TEST(describe_next_change({.every = std::chrono::hours{1}}, instant{}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
