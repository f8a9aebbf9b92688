#include "text/describe_pattern.hpp"

#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <array>
#include <bit>
#include <chrono>
#include <functional>
#include <string_view>

namespace carillon::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::year_month;

constexpr std::array<std::string_view, 7> weekday_names{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> month_names{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 5> ordinals{"first", "second", "third", "fourth", "fifth"};

constexpr std::uint64_t all_minutes = (std::uint64_t{1} << 60) - 1;
constexpr std::uint32_t all_hours = (std::uint32_t{1} << 24) - 1;

using namer = std::function<std::string(unsigned)>;

std::vector<unsigned> values_of(std::uint64_t set)
{
    std::vector<unsigned> out;
    for (; set != 0; set &= set - 1) out.push_back(static_cast<unsigned>(std::countr_zero(set)));
    return out;
}

/** Values with runs of three and more as `a to b`. */
std::string listed_values(const std::vector<unsigned>& values, const namer& name)
{
    std::vector<std::string> words;
    for (std::size_t i = 0; i < values.size();) {
        std::size_t last = i;
        while (last + 1 < values.size() && values[last + 1] == values[last] + 1) ++last;
        if (last - i >= 2) {
            words.push_back(name(values[i]) + " to " + name(values[last]));
            i = last + 1;
        } else {
            words.push_back(name(values[i++]));
        }
    }
    return listed(words);
}

std::string number(unsigned n) { return std::to_string(n); }

std::string weekday(unsigned monday_first)
{
    return std::string(weekday_names[(monday_first + 1) % 7]);
}

/** Weekdays in the order of a week that begins on Monday. */
std::string weekdays(unsigned set)
{
    const unsigned monday_first = (set >> 1) | ((set & 1U) << 6);
    return listed_values(values_of(monday_first), weekday);
}

/** The distance between values that are spread evenly around their whole range from 0 on. */
unsigned even_step(std::uint64_t set, unsigned size)
{
    const auto values = values_of(set);
    if (values.size() < 2 || values.front() != 0) return 0;
    const unsigned step = values[1];
    if (size % step != 0 || values.size() != size / step) return 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] != i * step) return 0;
    return step;
}

std::string plural(const char* word, std::size_t count)
{
    return fmt::format("{}{}", word, count == 1 ? "" : "s");
}

std::string hours_of(std::uint32_t hours)
{
    if (hours == all_hours) return {};
    const auto values = values_of(hours);
    const bool is_run = values.back() - values.front() + 1 == values.size();
    if (is_run) return fmt::format(" from {:02}:00 to {:02}:59", values.front(), values.back());
    if (const unsigned step = even_step(hours, 24); step > 1)
        return fmt::format(" of every {} hour", step == 2 ? "second" : fmt::format("{}th", step));
    return fmt::format(" of {} {}", plural("hour", values.size()), listed_values(values, number));
}

bool has_whole_minutes(const clock_pattern& c) { return c.seconds == 1 && c.fractions.empty(); }

std::string seconds_of(const clock_pattern& c)
{
    if (!c.fractions.empty()) {
        std::vector<std::string> words;
        for (const unsigned s : values_of(c.seconds)) words.push_back(number(s));
        for (const second_steps& s : c.fractions) {
            std::string word = format_seconds(s.first);
            word.pop_back(); // the unit
            if (s.last > s.first) word += " and then every " + format_seconds(s.step);
            words.push_back(word);
        }
        return "at second " + listed(words);
    }
    if (c.seconds == all_minutes) return "every second";
    if (const unsigned step = even_step(c.seconds, 60); step > 1)
        return fmt::format("every {} seconds", step);
    const auto values = values_of(c.seconds);
    return fmt::format("at {} {}", plural("second", values.size()), listed_values(values, number));
}

std::string minutes_of(const clock_pattern& c)
{
    if (c.minutes == all_minutes) return "every minute";
    if (const unsigned step = even_step(c.minutes, 60); step > 1)
        return fmt::format("every {} minutes", step);
    const auto values = values_of(c.minutes);
    return fmt::format("at {} {}", plural("minute", values.size()), listed_values(values, number));
}

/** `at 09:00 and 17:30`, where they are few. */
std::string fixed_times(const clock_pattern& c)
{
    std::vector<std::string> words;
    const auto seconds = values_of(c.seconds);
    const bool shows_seconds = !has_whole_minutes(c);
    for (const unsigned h : values_of(c.hours))
        for (const unsigned m : values_of(c.minutes))
            for (const unsigned s : seconds) {
                if (words.size() == listed_times) return {};
                words.push_back(
                    shows_seconds ? fmt::format("{:02}:{:02}:{:02}", h, m, s)
                                  : fmt::format("{:02}:{:02}", h, m));
            }
    return "at " + listed(words);
}

std::string describe_clock(const clock_pattern& c)
{
    if (c.fractions.empty())
        if (const auto times = fixed_times(c); !times.empty()) return times;
    std::string out;
    if (!has_whole_minutes(c)) {
        out = seconds_of(c);
        if (c.minutes == all_minutes)
            return out + (out.starts_with("every") ? "" : " of every minute") + hours_of(c.hours);
        out += " of ";
        const auto values = values_of(c.minutes);
        if (const unsigned step = even_step(c.minutes, 60); step > 1)
            out += fmt::format("each {}th minute", step);
        else
            out += fmt::format(
                "{} {}", plural("minute", values.size()), listed_values(values, number));
    } else {
        out = minutes_of(c);
        const bool is_every = out.starts_with("every");
        if (!is_every && c.hours == all_hours) return out + " of every hour";
    }
    return out + hours_of(c.hours);
}

std::string day_from_end(unsigned days_before)
{
    if (days_before == 0) return "the last day of the month";
    if (days_before == 1) return "the day before the last of the month";
    return fmt::format("{} days before the last of the month", days_before);
}

/** The days of the month, or nothing if all are meant. */
std::string describe_days(const day_pattern& d)
{
    std::vector<std::string> words;
    if ((d.days | 1U) == 0xffffffffU) return {};
    if (const auto values = values_of(d.days); !values.empty())
        words.push_back(fmt::format(
            "{} {} of the month", plural("day", values.size()), listed_values(values, number)));
    const auto from_end = values_of(d.days_from_end);
    if (from_end.size() > 1 && from_end.back() + 1 == from_end.size()) {
        words.push_back(fmt::format("the last {} days of the month", from_end.size()));
    } else {
        for (const unsigned n : from_end) words.push_back(day_from_end(n));
    }
    for (const unsigned n : values_of(d.nearest_weekdays))
        words.push_back(fmt::format("the Monday to Friday nearest to day {}", n));
    if (d.last_weekday) words.emplace_back("the last Monday to Friday of the month");
    return listed(words);
}

/** The weekdays, or nothing if all are meant. */
std::string describe_weekdays(const day_pattern& d)
{
    if (d.weekdays == 0x7f) return {};
    std::vector<std::string> words;
    if (d.weekdays != 0) words.push_back(weekdays(d.weekdays));
    for (std::size_t n = 0; n < d.nth_weekdays.size(); ++n)
        if (d.nth_weekdays[n] != 0)
            words.push_back(
                fmt::format("the {} {} of the month", ordinals[n], weekdays(d.nth_weekdays[n])));
    if (d.last_weekdays != 0)
        words.push_back(fmt::format("the last {} of the month", weekdays(d.last_weekdays)));
    return listed(words);
}

std::string describe_years(const day_pattern::year_set& years)
{
    if (years.all()) return {};
    std::vector<unsigned> values;
    for (std::size_t i = 0; i < years.size(); ++i)
        if (years[i]) values.push_back(static_cast<unsigned>(i + first_year));
    return " in " + listed_values(values, number);
}

std::string describe_dates(const day_pattern& d)
{
    std::string days = describe_days(d);
    std::string by_week = describe_weekdays(d);
    // A date fits when either list fits it. A list that every day fits makes the other one useless.
    if (d.either && (days.empty() || by_week.empty())) days = by_week = "";
    std::string out;
    if (!days.empty() && !by_week.empty())
        out = fmt::format(" on {}{}{}", days, d.either ? " or on " : ", only on ", by_week);
    else if (!days.empty() || !by_week.empty())
        out = " on " + days + by_week;
    if (d.months != 0x1ffe)
        out += " in " + listed_values(values_of(d.months), [](unsigned m) {
                   return std::string(month_names[m - 1]);
               });
    return out + describe_years(d.years);
}

/** `second`, `21st`. */
std::string ordinal(std::int64_t n)
{
    if (n <= static_cast<std::int64_t>(ordinals.size()))
        return std::string(ordinals[static_cast<std::size_t>(n - 1)]);
    static constexpr std::array<const char*, 4> endings{"th", "st", "nd", "rd"};
    const bool is_teen = n / 10 % 10 == 1;
    const auto last = static_cast<std::size_t>(n % 10);
    return fmt::format("{}{}", n, endings[is_teen || last > 3 ? 0 : last]);
}

/** Whether each month has exactly one of the dates. */
bool is_once_a_month(const day_pattern& d)
{
    // After 28 years the calendar repeats.
    year_month month{std::chrono::year{2001}, std::chrono::month{1}};
    for (int i = 0; i < 28 * 12; ++i, month += std::chrono::months{1})
        if (std::popcount(d.days_of(month)) != 1) return false;
    return true;
}

} // namespace

std::string listed(const std::vector<std::string>& words)
{
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
        out += words[i];
    }
    return out;
}

std::string in_english(const local_pattern& p)
{
    const std::string clock = describe_clock(p.clock);
    const std::string dates = describe_dates(p.days);
    const bool is_daily = dates.empty() && clock.find("every") == std::string::npos;
    return clock + (is_daily ? " every day" : dates);
}

std::string every_nth_in_english(const local_pattern& p, std::int64_t n)
{
    const std::string nth = ordinal(n);
    const std::string dates = describe_dates(p.days);
    if (p.clock.count_before(24h) == 1) {
        const std::string clock = describe_clock(p.clock);
        if (dates.empty()) return clock + " every " + nth + " day";
        static constexpr std::string_view of_the_month = " of the month";
        if (dates.ends_with(of_the_month) && is_once_a_month(p.days))
            return clock + dates.substr(0, dates.size() - of_the_month.size()) + " of every " +
                   nth + " month";
        if (std::has_single_bit(p.days.weekdays) && dates == " on " + weekdays(p.days.weekdays))
            return clock + " on every " + nth + " " + weekdays(p.days.weekdays);
    }
    return in_english(p) + ", every " + nth + " of these times";
}

} // namespace carillon::app
