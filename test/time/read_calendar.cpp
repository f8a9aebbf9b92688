#include "written_times.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

namespace carillon::test {
namespace {

using std::chrono::year_month_day;

[[noreturn]] void refuse(const std::string& what)
{
    throw std::invalid_argument{"calendar: " + what};
}

/** A component; seconds are held in microseconds. */
struct component {
    std::int64_t low;
    std::int64_t high;
    std::int64_t unit; // the distance of a range's values where no step is given
    bool is_year = false;
};

constexpr component year_part{1970, 2199, 1, true};
constexpr component month_part{1, 12, 1};
constexpr component day_part{1, 31, 1};
constexpr component day_from_end_part{1, 28, 1};
constexpr component hour_part{0, 23, 1};
constexpr component minute_part{0, 59, 1};
constexpr component second_part{0, 59'999'999, 1'000'000};

/** One item of a component's list, in the component's unit. */
struct item {
    std::int64_t from = 0;
    std::optional<std::int64_t> to;
    std::optional<std::int64_t> step;
};

std::int64_t whole_number(const std::string& digits)
{
    const std::size_t start = std::min(digits.find_first_not_of('0'), digits.size());
    if (digits.size() - start > 12) refuse(digits + " is too large");
    return digits.size() == start ? 0 : std::stoll(digits.substr(start));
}

/** Microseconds: six digits behind the point, by the seventh rounded. */
std::int64_t decimal_number(const std::string& text)
{
    const std::vector<std::string> parts = split_at(text, '.');
    const std::int64_t whole = whole_number(parts[0]) * 1'000'000;
    if (parts.size() == 1) return whole;
    const std::string digits = parts[1] + "0000000";
    return whole + std::stoll(digits.substr(0, 6)) + (digits[6] >= '5' ? 1 : 0);
}

std::int64_t number(const component& c, const std::string& text)
{
    return c.unit == 1 ? whole_number(text) : decimal_number(text);
}

std::int64_t value(const component& c, const std::string& text)
{
    std::int64_t v = number(c, text);
    if (c.is_year && v < 100) v += v < 70 ? 2000 : 1900;
    if (v < c.low || v > c.high) refuse(text + " is beyond the component");
    return v;
}

item read_item(const component& c, const std::string& text)
{
    static const std::regex whole{R"((\d+)(?:\.\.(\d+))?(?:/(\d+))?)"};
    static const std::regex decimal{
        R"((\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?(?:/(\d+(?:\.\d+)?))?)"};
    std::smatch m;
    if (!std::regex_match(text, m, c.unit == 1 ? whole : decimal)) refuse(text);
    item i{value(c, m[1]), {}, {}};
    if (m[2].matched) i.to = value(c, m[2]);
    if (m[3].matched) i.step = number(c, m[3]);
    if (i.to && *i.to < i.from) refuse(text + " goes backwards");
    if (i.step && *i.step == 0) refuse(text + " has no step");
    // systemd takes no range of seconds that is shorter than the second it would step by.
    if (i.to && !i.step && c.unit > 1 && i.from + c.unit > *i.to) refuse(text + " is too short");
    return i;
}

std::set<std::int64_t> values_from(std::int64_t from, std::int64_t to, std::int64_t step)
{
    std::set<std::int64_t> values;
    for (std::int64_t v = from; v <= to; v += step) values.insert(v);
    return values;
}

std::set<std::int64_t> item_values(const component& c, const item& i)
{
    if (i.to) return values_from(i.from, *i.to, i.step.value_or(c.unit));
    if (!i.step) return {i.from};
    if (i.from + *i.step > c.high) refuse("no room for a step");
    return values_from(i.from, c.high, *i.step);
}

/** As @ref item_values, counted from the month's end: 1 is the last day, and an open step leads
 * to it. */
std::set<std::int64_t> item_values_from_end(const item& i)
{
    if (i.to || !i.step) return item_values(day_from_end_part, i);
    if (i.from - *i.step < 1) refuse("no room for a step");
    std::set<std::int64_t> values;
    for (std::int64_t v = i.from; v >= 1; v -= *i.step) values.insert(v);
    return values;
}

std::set<std::int64_t> component_values(const component& c, const std::string& text)
{
    if (text == "*") return values_from(c.low, c.high, c.unit);
    std::set<std::int64_t> values;
    for (const std::string& part : split_at(text, ','))
        values.merge(item_values(c, read_item(c, part)));
    return values;
}

std::set<std::int64_t> days_from_end(const std::string& text)
{
    if (text == "*") return values_from(1, 31, 1);
    std::set<std::int64_t> values;
    for (const std::string& part : split_at(text, ','))
        values.merge(item_values_from_end(read_item(day_from_end_part, part)));
    return values;
}

/** Monday is 0. */
unsigned weekday_number(const std::string& name)
{
    static const std::vector<std::string> names{"MONDAY", "TUESDAY",  "WEDNESDAY", "THURSDAY",
                                                "FRIDAY", "SATURDAY", "SUNDAY"};
    for (unsigned i = 0; i < 7; ++i) {
        if (name == names[i] || name == names[i].substr(0, 3)) return i;
    }
    refuse(name + " is no weekday");
}

std::set<unsigned> read_weekdays(std::string text)
{
    static const std::regex range{R"(([A-Z]+)(?:(?:\.\.|-)([A-Z]+))?)"};
    if (text.ends_with(',')) text.pop_back();
    std::set<unsigned> weekdays;
    for (const std::string& part : split_at(text, ',')) {
        std::smatch m;
        if (!std::regex_match(part, m, range)) refuse(part);
        const unsigned from = weekday_number(m[1]);
        const unsigned to = m[2].matched ? weekday_number(m[2]) : from;
        if (from > to) refuse(part + " goes backwards");
        for (unsigned w = from; w <= to; ++w) weekdays.insert(w);
    }
    return weekdays;
}

struct date_sets {
    std::set<std::int64_t> years;
    std::set<std::int64_t> months;
    std::set<std::int64_t> days;
    bool from_end = false; // `days` count from the month's end
    std::set<unsigned> weekdays;
};

void read_date(const std::string& text, date_sets& sets)
{
    static const std::regex date{R"((?:([^-~]+)-)?([^-~]+)([-~])([^-~]+))"};
    std::smatch m;
    if (!std::regex_match(text, m, date)) refuse(text + " is no date");
    sets.years = component_values(year_part, m[1].matched ? m.str(1) : "*");
    sets.months = component_values(month_part, m[2]);
    sets.from_end = m[3] == "~";
    sets.days = sets.from_end ? days_from_end(m[4]) : component_values(day_part, m[4]);
}

void read_time(const std::string& text, written_times& times)
{
    std::vector<std::string> parts = split_at(text, ':');
    if (parts.size() == 2) parts.emplace_back("00");
    if (parts.size() != 3) refuse(text + " is no time");
    for (const std::int64_t v : component_values(hour_part, parts[0]))
        times.hours.at(static_cast<std::size_t>(v)) = true;
    for (const std::int64_t v : component_values(minute_part, parts[1]))
        times.minutes.at(static_cast<std::size_t>(v)) = true;
    for (const std::int64_t v : component_values(second_part, parts[2]))
        times.seconds.emplace_back(v);
    times.is_interval = text.find_first_of("*/") != std::string::npos;
}

bool fits(const date_sets& sets, year_month_day date)
{
    const auto month = static_cast<unsigned>(date.month());
    const auto day = static_cast<unsigned>(date.day());
    const unsigned weekday = std::chrono::weekday{std::chrono::sys_days{date}}.iso_encoding() - 1;
    return sets.years.contains(static_cast<int>(date.year())) && sets.months.contains(month) &&
           sets.days.contains(sets.from_end ? last_day(date) - day + 1 : day) &&
           sets.weekdays.contains(weekday);
}

std::string expand_shorthand(const std::string& text)
{
    static const std::map<std::string, std::string> shorthands{
        {"MINUTELY", "*-*-* *:*:00"},
        {"HOURLY", "*-*-* *:00:00"},
        {"DAILY", "*-*-* 00:00:00"},
        {"WEEKLY", "MON *-*-* 00:00:00"},
        {"MONTHLY", "*-*-01 00:00:00"},
        {"QUARTERLY", "*-01,04,07,10-01 00:00:00"},
        {"SEMIANNUALLY", "*-01,07-01 00:00:00"},
        {"SEMI-ANNUALLY", "*-01,07-01 00:00:00"},
        {"BIANNUALLY", "*-01,07-01 00:00:00"},
        {"BI-ANNUALLY", "*-01,07-01 00:00:00"},
        {"YEARLY", "*-01-01 00:00:00"},
        {"ANNUALLY", "*-01-01 00:00:00"}};
    const auto found = shorthands.find(text);
    return found == shorthands.end() ? text : found->second;
}

void read_parts(const std::vector<std::string>& words, written_times& times)
{
    date_sets sets;
    auto word = words.begin();
    const bool has_weekdays = word != words.end() && word->front() >= 'A' && word->front() <= 'Z';
    sets.weekdays = read_weekdays(has_weekdays ? *word++ : "MON..SUN");
    const bool has_date = word != words.end() && word->find(':') == std::string::npos;
    read_date(has_date ? *word++ : "*-*-*", sets);
    const bool has_time = word != words.end();
    read_time(has_time ? *word++ : "00:00:00", times);
    if (word != words.end()) refuse(*word + " is too much");
    if (!has_weekdays && !has_date && !has_time) refuse("nothing");
    times.fits_date = [sets](year_month_day date) { return fits(sets, date); };
}

} // namespace

written_times read_calendar(std::string_view expression)
{
    static const std::regex since_epoch{R"(@(\d+))"};
    if (expression.size() > 1024) refuse("too long");
    written_times times;
    std::vector<std::string> words = split_blanks(expression);
    if (words.size() > 1 && is_zone(words.back())) {
        times.zone = words.back();
        words.pop_back();
    }
    for (std::string& word : words) word = to_upper(word);
    std::smatch m;
    if (words.size() == 1 && times.zone.empty() && std::regex_match(words[0], m, since_epoch)) {
        times.at = instant{std::chrono::seconds{whole_number(m[1])}};
        return times;
    }
    if (words.size() == 1) words = split_blanks(expand_shorthand(words[0]));
    read_parts(words, times);
    return times;
}

} // namespace carillon::test
