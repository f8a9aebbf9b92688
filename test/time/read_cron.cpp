#include "written_times.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

namespace carillon::test {
namespace {

using std::chrono::year_month_day;

/** An item of a day or weekday field: whether it holds on a date. */
using date_test = std::function<bool(year_month_day)>;

struct field {
    std::string name;
    int low;
    int high;
    int count;    // of different values: the largest step
    int hash_low; // what `H` alone chooses from
    int hash_high;
    std::vector<std::string> names;
    int first_name;
};

const std::vector<std::string> no_names;
const std::vector<std::string> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                           "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
const std::vector<std::string> weekday_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

const field second_field{"second", 0, 59, 60, 0, 59, no_names, 0};
const field minute_field{"minute", 0, 59, 60, 0, 59, no_names, 0};
const field hour_field{"hour", 0, 23, 24, 0, 23, no_names, 0};
const field day_field{"day", 1, 31, 31, 1, 28, no_names, 0};
const field month_field{"month", 1, 12, 12, 1, 12, month_names, 1};
const field weekday_field{"weekday", 0, 7, 7, 0, 6, weekday_names, 0};
const field year_field{"year", 1970, 2199, 230, 0, 0, no_names, 0};

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument{"cron: " + what}; }

std::uint64_t hash(std::string_view job_name, std::string_view field_name)
{
    std::uint64_t h = 14695981039346656037ULL;
    for (const char c : std::string{job_name} + '\x1f' + std::string{field_name})
        h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    h ^= h >> 33;
    return h;
}

int value(const field& f, const std::string& text)
{
    const auto name = std::find(f.names.begin(), f.names.end(), text);
    if (name != f.names.end()) return f.first_name + static_cast<int>(name - f.names.begin());
    if (text.empty() ||
        !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        refuse(text + " is no " + f.name);
    const int number = std::stoi(text);
    if (number < f.low || number > f.high) refuse(text + " is no " + f.name);
    return number;
}

int number(const std::string& text, int low, int high)
{
    const int n = std::stoi(text);
    if (n < low || n > high) refuse(text + " is out of range");
    return n;
}

/** From a to b, beyond the field's end going on at its beginning. */
std::vector<int> values_between(const field& f, int a, int b)
{
    std::vector<int> values;
    if (a <= b) {
        for (int v = a; v <= b; ++v) values.push_back(v);
        return values;
    }
    if (f.name == "year") refuse("years do not wrap");
    // The week goes round in seven days: 7 is 0.
    const int last = f.low + f.count - 1;
    if (a > last) a = f.low;
    for (int v = a; v != b; v = v == last ? f.low : v + 1) values.push_back(v);
    values.push_back(b);
    return values;
}

std::vector<int> every_nth(const std::vector<int>& values, int n)
{
    std::vector<int> chosen;
    for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(n))
        chosen.push_back(values[i]);
    return chosen;
}

std::vector<int> hashed_values(const field& f, const std::smatch& m, std::string_view job_name)
{
    const int low = m[1].matched ? value(f, m[1]) : f.hash_low;
    const int high = m[2].matched ? value(f, m[2]) : f.hash_high;
    if (low > high) refuse("H from " + m.str(1) + " to " + m.str(2));
    const int room = high - low + 1;
    const std::uint64_t h = hash(job_name, f.name);
    if (!m[3].matched) return {low + static_cast<int>(h % static_cast<std::uint64_t>(room))};
    const int n = number(m[3], 1, room);
    std::vector<int> values;
    for (int v = low + static_cast<int>(h % static_cast<std::uint64_t>(n)); v <= high; v += n)
        values.push_back(v);
    return values;
}

/** The items that all fields know: `*`, `a`, `a-b`, `H`, with `/n`. */
std::vector<int> item_values(const field& f, const std::string& item, std::string_view job_name)
{
    static const std::regex star{R"([*?](?:/(\d{1,4}))?)"};
    static const std::regex range{R"((\d{1,4}|[A-Z]{3})(?:-(\d{1,4}|[A-Z]{3}))?(?:/(\d{1,4}))?)"};
    static const std::regex hashed{
        R"(H(?:\((\d{1,4}|[A-Z]{3})-(\d{1,4}|[A-Z]{3})\))?(?:/(\d{1,4}))?)"};
    std::smatch m;
    if (std::regex_match(item, m, star)) {
        if (item.front() == '?' && f.name != "day" && f.name != "weekday")
            refuse("? in the field " + f.name);
        const int n = m[1].matched ? number(m[1], 1, f.count) : 1;
        return every_nth(values_between(f, f.low, f.high), n);
    }
    if (std::regex_match(item, m, hashed) && f.name != "year") return hashed_values(f, m, job_name);
    if (!std::regex_match(item, m, range)) refuse(item + " is no " + f.name);
    const int a = value(f, m[1]);
    const int n = m[3].matched ? number(m[3], 1, f.count) : 1;
    const int b = m[2].matched ? value(f, m[2]) : m[3].matched ? f.high : a;
    return every_nth(values_between(f, a, b), n);
}

std::set<int> field_values(const field& f, const std::string& text, std::string_view job_name)
{
    std::set<int> values;
    for (const std::string& item : split_at(text, ',')) {
        const std::vector<int> chosen = item_values(f, item, job_name);
        values.insert(chosen.begin(), chosen.end());
    }
    return values;
}

unsigned weekday_of(year_month_day date)
{
    return std::chrono::weekday{std::chrono::sys_days{date}}.c_encoding();
}

bool is_monday_to_friday(year_month_day date)
{
    const unsigned weekday = weekday_of(date);
    return weekday >= 1 && weekday <= 5;
}

/** The Mon-Fri of the month with the least distance to its n-th day; there is never a tie, since
 * one day away from a weekend's day is always nearer than two on the other side. */
std::optional<unsigned> nearest_working_day(year_month_day date, unsigned n)
{
    const unsigned last = last_day(date);
    if (n > last) return std::nullopt;
    std::optional<unsigned> nearest;
    const auto distance = [&](unsigned d) { return d > n ? d - n : n - d; };
    for (unsigned d = 1; d <= last; ++d) {
        if (!is_monday_to_friday(date.year() / date.month() / std::chrono::day{d})) continue;
        if (!nearest || distance(d) < distance(*nearest)) nearest = d;
    }
    return nearest;
}

unsigned last_working_day(year_month_day date)
{
    unsigned d = last_day(date);
    while (!is_monday_to_friday(date.year() / date.month() / std::chrono::day{d})) --d;
    return d;
}

unsigned day_of(year_month_day date) { return static_cast<unsigned>(date.day()); }

date_test day_item(const std::string& item, std::string_view job_name)
{
    static const std::regex from_last{R"(L(?:-(\d{1,4}))?)"};
    static const std::regex working{R"((\d{1,4})W)"};
    std::smatch m;
    if (item == "LW") return [](year_month_day d) { return day_of(d) == last_working_day(d); };
    if (std::regex_match(item, m, from_last)) {
        const unsigned n = m[1].matched ? static_cast<unsigned>(number(m[1], 1, 30)) : 0;
        return [n](year_month_day d) { return day_of(d) + n == last_day(d); };
    }
    if (std::regex_match(item, m, working)) {
        const auto n = static_cast<unsigned>(number(m[1], 1, 31));
        return [n](year_month_day d) { return day_of(d) == nearest_working_day(d, n); };
    }
    const std::set<int> days = field_values(day_field, item, job_name);
    return [days](year_month_day d) { return days.contains(static_cast<int>(day_of(d))); };
}

std::set<unsigned> as_weekdays(const std::vector<int>& values)
{
    std::set<unsigned> weekdays;
    for (const int v : values) weekdays.insert(static_cast<unsigned>(v % 7));
    return weekdays;
}

date_test weekday_item(const std::string& item, std::string_view job_name)
{
    static const std::regex last{R"((\d{1,4}|[A-Z]{3})L)"};
    static const std::regex nth{R"((\d{1,4}|[A-Z]{3})(?:-(\d{1,4}|[A-Z]{3}))?#(\d{1,4}|L))"};
    const auto is_last = [](year_month_day d) { return day_of(d) + 7 > last_day(d); };
    const field& f = weekday_field;
    std::smatch m;
    if (std::regex_match(item, m, last)) {
        const auto weekdays = as_weekdays({value(f, m[1])});
        return [=](year_month_day d) { return weekdays.contains(weekday_of(d)) && is_last(d); };
    }
    if (std::regex_match(item, m, nth)) {
        const int a = value(f, m[1]);
        const int b = m[2].matched ? value(f, m[2]) : a;
        const auto weekdays = as_weekdays(values_between(f, a, b));
        if (m[3] == "L")
            return [=](year_month_day d) { return weekdays.contains(weekday_of(d)) && is_last(d); };
        const auto n = static_cast<unsigned>(number(m[3], 1, 5));
        return [=](year_month_day d) {
            return weekdays.contains(weekday_of(d)) && (day_of(d) - 1) / 7 + 1 == n;
        };
    }
    const auto weekdays = as_weekdays(item_values(f, item, job_name));
    return [=](year_month_day d) { return weekdays.contains(weekday_of(d)); };
}

using read_item = date_test (*)(const std::string& item, std::string_view job_name);

date_test any_item(const std::string& text, std::string_view job_name, read_item read)
{
    std::vector<date_test> items;
    for (const std::string& item : split_at(text, ',')) items.push_back(read(item, job_name));
    return [items](year_month_day d) {
        return std::any_of(items.begin(), items.end(), [&](const auto& fits) { return fits(d); });
    };
}

bool is_restricted(const std::string& text) { return text.front() != '*' && text.front() != '?'; }

std::string expand_macro(const std::string& text)
{
    static const std::map<std::string, std::string> macros{
        {"@HOURLY", "0 * * * *"},  {"@DAILY", "0 0 * * *"},   {"@MIDNIGHT", "0 0 * * *"},
        {"@WEEKLY", "0 0 * * 0"},  {"@MONTHLY", "0 0 1 * *"}, {"@YEARLY", "0 0 1 1 *"},
        {"@ANNUALLY", "0 0 1 1 *"}};
    const auto macro = macros.find(text);
    if (macro == macros.end()) refuse(text + " is no macro");
    return macro->second;
}

/** Always seven: second, minute, hour, day, month, weekday, year. */
std::vector<std::string> read_fields(std::string_view expression)
{
    if (expression.size() > 1024) refuse("too long");
    std::vector<std::string> fields = split_blanks(to_upper(expression));
    if (fields.size() == 1) fields = split_blanks(expand_macro(fields.front()));
    if (fields.size() < 5 || fields.size() > 7) refuse("not five, six or seven fields");
    if (fields.size() == 5) fields.insert(fields.begin(), "0");
    if (fields.size() == 6) fields.emplace_back("*");
    return fields;
}

} // namespace

written_times read_cron(std::string_view expression, std::string_view job_name)
{
    const std::vector<std::string> fields = read_fields(expression);
    written_times times;
    for (const int v : field_values(second_field, fields[0], job_name))
        times.seconds.push_back(std::chrono::seconds{v});
    for (const int v : field_values(minute_field, fields[1], job_name))
        times.minutes.at(static_cast<std::size_t>(v)) = true;
    for (const int v : field_values(hour_field, fields[2], job_name))
        times.hours.at(static_cast<std::size_t>(v)) = true;
    times.is_interval =
        (fields[0] + fields[1] + fields[2]).find_first_of("*/") != std::string::npos;

    const date_test day_fits = any_item(fields[3], job_name, day_item);
    const std::set<int> months = field_values(month_field, fields[4], job_name);
    const date_test weekday_fits = any_item(fields[5], job_name, weekday_item);
    const std::set<int> years = field_values(year_field, fields[6], job_name);
    const bool either = is_restricted(fields[3]) && is_restricted(fields[5]);
    times.fits_date = [=](year_month_day d) {
        if (!years.contains(static_cast<int>(d.year()))) return false;
        if (!months.contains(static_cast<int>(static_cast<unsigned>(d.month())))) return false;
        return either ? day_fits(d) || weekday_fits(d) : day_fits(d) && weekday_fits(d);
    };
    return times;
}

} // namespace carillon::test
