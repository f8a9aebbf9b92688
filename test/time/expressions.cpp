// What cron and calendar expressions refuse, and where; what they accept is compared with an
// oracle in zoned_pattern.cpp.

#include "print.hpp"
#include <carillon/time/calendar.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/stable_hash.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;

namespace expressions {

struct mistake {
    std::string text;
    std::size_t offset;
    std::string what;
};

} // namespace expressions

BOOST_AUTO_TEST_SUITE(expressions)

BOOST_AUTO_TEST_CASE(cron_tells_the_first_mistake_and_what_is_allowed)
{
    const std::vector<mistake> cases{
        {"", 0,
         "0 of at least 5 fields are here: minute, hour, day, month and weekday; a second may "
         "stand before them, then also a year behind"},
        {"* * * *", 7,
         "4 of at least 5 fields are here: minute, hour, day, month and weekday; a second may "
         "stand before them, then also a year behind"},
        {"0 0 1 1 * * * *", 14, "nothing can stand behind the seventh field, which is the year"},
        {"60 * * * *", 0, "60 is no minute, which is 0-59"},
        {"0 24 * * *", 2, "24 is no hour, which is 0-23"},
        {"0 0 0 * *", 4, "0 is no day, which is 1-31, L, L-3, 15W, LW or ?"},
        {"0 0 1 13 *", 6, "13 is no month, which is 1-12 or JAN-DEC"},
        {"0 0 * * 8", 8, "8 is no weekday, which is 0-7 or SUN-SAT, FRI#2, FRIL or ?"},
        {"0 0 1 1 * 2026", 10, "2026 is no weekday, which is 0-7 or SUN-SAT, FRI#2, FRIL or ?"},
        {"0 0 0 1 1 * 1969", 12, "1969 is no year, which is 1970-2199"},
        {"0 0 0 1 1 * 2030-2027", 12, "years do not wrap around: the first must not be the later"},
        {"*/90 * * * *", 2, "a step of minutes here is from 1 to 60"},
        {"*/0 * * * *", 2, "a step of minutes here is from 1 to 60"},
        {"0 0 * * */8", 10, "a step of weekdays here is from 1 to 7"},
        {"00000 * * * *", 0, "a number has at most 4 digits"},
        {"1,,2 * * * *", 2, "a minute is missing: 0-59"},
        {"1- * * * *", 2, "a minute is missing: 0-59"},
        {"1x * * * *", 1, "'x' cannot stand here; a minute is 0-59"},
        {"? * * * *", 0, "'?' cannot stand here; a minute is 0-59"},
        {"0~30 * * * *", 1, "'~' is not known here; H(a-b) is a value that the job's name fixes"},
        {"0 0 * * L", 8, "L needs a weekday before it, such as 5L or FRIL"},
        {"0 0 * * MON#6", 12, "6 is not from 1 to 5"},
        {"0 0 L-31 * *", 6, "31 is not from 1 to 30"},
        {"0 0 32W * *", 4, "32 is no day, which is 1-31, L, L-3, 15W, LW or ?"},
        {"0 0 1-5W * *", 7, "'W' cannot stand here; a day is 1-31, L, L-3, 15W, LW or ?"},
        {"H(5-2) * * * *", 2, "within H( ) the first value must not be the larger"},
        {"H(5) * * * *", 3, "'-' and a last value are missing"},
        {"H(1-5 * * * *", 5, "')' is missing"},
        {"H(0-29)/31 * * * *", 8, "a step of minutes here is from 1 to 30"},
        {"0 0 0 1 1 * H", 12, "'H' cannot stand here; a year is 1970-2199"},
        {"@reboot", 0, "@reboot is no set of instants; use on_boot = \"0s\" or on_start = \"0s\""},
        {"@fortnightly", 0,
         "'@fortnightly' is not known; there are @hourly, @daily, @midnight, @weekly, @monthly, "
         "@yearly, @annually and @every SPAN"},
        {"@every", 6, "a span is missing, such as 15min"},
        {"@every 0s", 7, "must be longer than 0"},
        {"CRON_TZ=UTC 0 9 * * *", 0,
         "a zone does not stand in the expression; use the key timezone"},
        {std::string(1025, ' '), 1024, "an expression has at most 1024 bytes"},
    };
    for (const mistake& m : cases) {
        const auto parsed = parse_cron(m.text, "backup");
        BOOST_TEST_REQUIRE(!parsed.has_value(), m.text);
        BOOST_TEST(parsed.error().offset == m.offset, m.text << ": at " << parsed.error().offset);
        BOOST_TEST(parsed.error().what == m.what, m.text);
    }
}

BOOST_AUTO_TEST_CASE(calendar_tells_the_first_mistake_and_what_is_allowed)
{
    const std::vector<mistake> cases{
        {"", 0, "an expression is missing, such as Mon..Fri 08:30"},
        {"Fri..Mon 10:00", 0,
         "a range of weekdays runs from Monday to Sunday and does not wrap around"},
        {"Mon..", 5, "the range's last weekday is missing here"},
        {"Mon.Tue", 3,
         "'.' cannot stand here, but a weekday such as Mon, a list or a range such as Mon..Fri"},
        {"annualy", 0,
         "'annualy' is neither a weekday nor a shorthand such as daily (did you mean 'annually'?)"},
        {"Foo 09:00", 0, "'Foo' is neither a weekday nor a shorthand such as daily"},
        {"Tues", 3,
         "'s' cannot stand here, but a weekday such as Mon, a list or a range such as Mon..Fri"},
        {"*/15", 1, "'*' has no step; write a first value, such as 0/2"},
        {"24:00", 0, "this is no hour, which is 0-23"},
        {"12:60", 3, "this is no minute, which is 0-59"},
        {"12", 2, "':' and a minute are missing here"},
        {"*:*:60", 4, "this is no second, which is 0-59, with a fraction of up to six digits"},
        {"*:*:59.9999999", 4,
         "this is no second, which is 0-59, with a fraction of up to six digits"},
        {"*:*:5.", 6, "a digit is missing here"},
        {"*:30/30", 2, "there is no room for one step before the end: a minute is 0-59"},
        {"*:5/0", 4, "a step cannot be 0"},
        {"*:9..5", 2, "a range does not run backwards"},
        {"*:*:9..5", 4, "a range does not run backwards"},
        {"*:*:5..5", 4, "a range of seconds without a step is at least a second long"},
        {"*:*:0.0..00.9", 4, "a range of seconds without a step is at least a second long"},
        {"*:*:30,5.5..6.499999,9", 7,
         "a range of seconds without a step is at least a second long"},
        {"*:1,*", 4, "'*' cannot stand here, but a minute, 0-59"},
        {"2026-13-01", 5, "this is no month, which is 1-12"},
        {"2200-01-01", 0, "this is no year, which is 1970-2199"},
        {"*-*~29", 4, "this is no day from the month's end, which is 1-28"},
        {"*-*~01/3", 4,
         "there is no room for one step before the end: a day from the month's end is 1-28"},
        {"*~01-02", 4, "'-' cannot stand here, but a blank, and a time such as 08:30"},
        {"2026-01-01T08:00", 13, "':' cannot stand here, but a blank, and a time such as 08:30"},
        {"1:9999999", 2, "9999999 is too large for a minute"},
        {"*-*-* 21 23", 8, "' ' cannot stand here, but ':' and a minute"},
        {"*-*-* 10-15", 8, "'-' cannot stand here, but ':' and a minute"},
        {"*-*-* 10~15:20", 8, "'~' cannot stand here, but ':' and a minute"},
        {"@12x", 3, "@ is followed by whole seconds since 1970"},
        {"@7258118400", 1, "this lies beyond the year 2199"},
    };
    for (const mistake& m : cases) {
        const auto parsed = parse_calendar(m.text);
        BOOST_TEST_REQUIRE(!parsed.has_value(), m.text);
        BOOST_TEST(parsed.error().offset == m.offset, m.text << ": at " << parsed.error().offset);
        BOOST_TEST(parsed.error().what == m.what, m.text);
    }
}

BOOST_AUTO_TEST_CASE(blanks_around_a_calendar_event_and_its_zone_do_not_matter)
{
    const auto plain = parse_calendar("Mon 08:30 Europe/Berlin").value();
    const auto spaced = parse_calendar("  Mon   08:30   Europe/Berlin  ").value();
    BOOST_TEST(plain.pattern == spaced.pattern);
    BOOST_TEST(spaced.zone == "Europe/Berlin");
    BOOST_TEST(parse_calendar(" daily").has_value()); // a lone word is no zone
    BOOST_TEST(parse_calendar("daily utc").value().zone == "UTC");
}

// What systemd-analyze 252 takes.
BOOST_AUTO_TEST_CASE(a_calendar_range_of_one_value_is_short_only_in_seconds)
{
    for (const char* text :
         {"*:*:5..6", "*:*:5.5..6.5", "*:*:5..5/1", "*:*:0.0..00.9/0.5", "*:*:58..59.999999",
          "*:5..5", "5..5:0", "*-*-5..5", "*-5..5-01", "2030..2030-01-01", "*-*~5..5", "Mon..Mon"})
        BOOST_TEST(parse_calendar(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(the_hash_is_the_published_one)
{
    BOOST_TEST(stable_hash({"backup", "minute"}) == 0xf80dcdda3b919b1bU);
}

BOOST_AUTO_TEST_SUITE_END()
