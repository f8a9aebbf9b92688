#include "random_expressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <vector>

namespace carillon::test {
namespace {

/** Draws by remainder, so that one seed gives the same expressions everywhere. */
class dice {
public:
    explicit dice(std::mt19937_64& random) : random_{random} {}

    int between(int low, int high)
    {
        const auto room = static_cast<std::uint64_t>(high - low + 1);
        return low + static_cast<int>(random_() % room);
    }
    bool chance(int percent) { return between(1, 100) <= percent; }

    template <class T>
    const T& pick(const std::vector<T>& from)
    {
        return from[static_cast<std::size_t>(between(0, static_cast<int>(from.size()) - 1))];
    }

private:
    std::mt19937_64& random_;
};

using strings = std::vector<std::string>;

std::string mixed_case(dice& d, std::string text)
{
    const int style = d.between(0, 3);
    for (char& c : text) {
        const bool upper = style == 0 || (style == 1 && d.chance(50));
        if (upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (style == 2) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
}

std::string digits(dice& d, int value)
{
    return d.chance(20) ? fmt::format("{:02}", value) : fmt::format("{}", value);
}

/** One to three items with commas. */
std::string list_of(dice& d, const std::function<std::string()>& item)
{
    std::string text = item();
    for (int more = d.chance(70) ? 0 : d.between(1, 2); more > 0; --more) text += "," + item();
    return text;
}

struct field {
    int low;
    int high;
    int count;
    int hash_low;
    int hash_high;
    int usual_low; // where most values lie
    int usual_high;
    strings names; // of the values from `low` on
};

const field sixty{0, 59, 60, 0, 59, 0, 59, {}};
const field hour{0, 23, 24, 0, 23, 0, 3, {}};
const field day{1, 31, 31, 1, 28, 1, 31, {}};
const field month{
    1,  12,
    12, 1,
    12, 1,
    12, {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}};
const field weekday{0, 7, 7, 0, 6, 0, 7, {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}};
const field year{1970, 2199, 230, 0, 0, 1990, 2040, {}};

int value(dice& d, const field& f)
{
    return d.chance(75) ? d.between(f.usual_low, f.usual_high) : d.between(f.low, f.high);
}

int step(dice& d, int largest)
{
    return d.chance(80) ? d.between(1, std::max(1, largest / 2)) : d.between(1, largest);
}

std::string written(dice& d, const field& f, int v)
{
    const auto name = static_cast<std::size_t>(v - f.low);
    if (name < f.names.size() && d.chance(60)) return mixed_case(d, f.names[name]);
    return digits(d, v);
}

std::string cron_range(dice& d, const field& f)
{
    int a = value(d, f);
    int b = value(d, f);
    if (a > b && (f.low == year.low || d.chance(60))) std::swap(a, b);
    return written(d, f, a) + "-" + written(d, f, b);
}

std::string hashed(dice& d, const field& f, bool with_step)
{
    int low = f.hash_low;
    int high = f.hash_high;
    std::string text = "H";
    if (d.chance(50)) {
        low = value(d, f);
        high = d.between(low, f.high);
        text += "(" + written(d, f, low) + "-" + written(d, f, high) + ")";
    }
    return with_step ? text + fmt::format("/{}", step(d, high - low + 1)) : text;
}

std::string one_value(dice& d, const field& f)
{
    return f.hash_high > 0 && d.chance(15) ? hashed(d, f, false) : written(d, f, value(d, f));
}

/** An item that every field knows. */
std::string cron_item(dice& d, const field& f)
{
    switch (d.between(0, 7)) {
    case 0:
    case 1:
        return cron_range(d, f);
    case 2:
        return cron_range(d, f) + fmt::format("/{}", step(d, f.count));
    case 3:
        return written(d, f, value(d, f)) + fmt::format("/{}", step(d, f.count));
    case 4:
        return fmt::format("*/{}", step(d, f.count));
    case 5:
        return f.hash_high > 0 ? hashed(d, f, true) : cron_range(d, f);
    default:
        return one_value(d, f);
    }
}

std::string cron_list(dice& d, const field& f)
{
    return list_of(d, [&] { return cron_item(d, f); });
}

std::string cron_day(dice& d)
{
    return list_of(d, [&]() -> std::string {
        switch (d.between(0, 7)) {
        case 0:
            return "L";
        case 1:
            return fmt::format("L-{}", d.between(1, d.chance(80) ? 9 : 30));
        case 2:
            return "LW";
        case 3:
            return fmt::format("{}W", value(d, day));
        default:
            return cron_item(d, day);
        }
    });
}

std::string cron_weekday(dice& d)
{
    return list_of(d, [&]() -> std::string {
        switch (d.between(0, 7)) {
        case 0:
            return written(d, weekday, value(d, weekday)) + "L";
        case 1:
            return written(d, weekday, value(d, weekday)) + "#L";
        case 2:
            return written(d, weekday, value(d, weekday)) + fmt::format("#{}", d.between(1, 5));
        case 3:
            return cron_range(d, weekday) + fmt::format("#{}", d.between(1, 5));
        default:
            return cron_item(d, weekday);
        }
    });
}

/** Second, minute and hour; never many seconds in many minutes. */
strings cron_time(dice& d, bool with_second)
{
    const auto some = [&](const field& f, int star_percent) -> std::string {
        return d.chance(star_percent) ? "*" : cron_list(d, f);
    };
    if (with_second && d.chance(25))
        return {some(sixty, 10), one_value(d, sixty), one_value(d, hour)};
    strings fields{"0", one_value(d, sixty), one_value(d, hour)};
    if (with_second) fields[0] = d.chance(60) ? "0" : one_value(d, sixty);
    if (d.chance(25)) fields[1] = some(sixty, 5);
    if (d.chance(40)) fields[2] = some(hour, 10);
    if (!with_second) fields.erase(fields.begin());
    return fields;
}

std::string open_field(dice& d)
{
    return d.chance(75) ? "*" : d.chance(50) ? "?" : fmt::format("?/{}", d.between(1, 7));
}

std::string blanks(dice& d)
{
    static const strings some{" ", " ", " ", " ", " ", " ", "  ", "\t", " \t "};
    return d.pick(some);
}

/** An item of a calendar component with these bounds, and values for the most part in others. */
std::string calendar_item(dice& d, const field& f)
{
    const int a = value(d, f);
    const int b = d.between(a, f.high);
    switch (d.between(0, 5)) {
    case 0:
        return digits(d, a) + ".." + digits(d, b);
    case 1:
        return digits(d, a) + ".." + digits(d, b) + fmt::format("/{}", step(d, f.count));
    case 2:
        if (a < f.high) return digits(d, a) + fmt::format("/{}", step(d, f.high - a));
        [[fallthrough]];
    default:
        return digits(d, a);
    }
}

std::string calendar_component(dice& d, const field& f, int star_percent)
{
    return d.chance(star_percent) ? "*" : list_of(d, [&] { return calendar_item(d, f); });
}

std::string two_digits_of(int any_year) { return fmt::format("{:02}", any_year % 100); }

std::string calendar_year(dice& d)
{
    if (d.chance(65)) return "*";
    if (d.chance(60)) return calendar_component(d, year, 0);
    const int a = d.between(1995, 2030);
    switch (d.between(0, 2)) {
    case 0:
        return two_digits_of(a) + "," + two_digits_of(d.between(1970, 2069));
    case 1:
        return two_digits_of(a) + ".." + two_digits_of(d.between(a, 2069));
    default:
        return two_digits_of(a) + fmt::format("/{}", d.between(1, 9));
    }
}

/** An item that counts from the month's end. */
std::string item_from_end(dice& d)
{
    const int a = d.between(1, d.chance(80) ? 9 : 28);
    const int b = d.between(a, 28);
    switch (d.between(0, 4)) {
    case 0:
        return digits(d, a) + ".." + digits(d, b);
    case 1:
        return digits(d, a) + ".." + digits(d, b) + fmt::format("/{}", step(d, 28));
    case 2:
        return a > 1 ? digits(d, a) + fmt::format("/{}", step(d, a - 1)) : digits(d, a);
    default:
        return digits(d, a);
    }
}

std::string calendar_date(dice& d)
{
    std::string text = d.chance(75) ? calendar_year(d) + "-" : "";
    text += calendar_component(d, month, 60);
    if (d.chance(30)) return text + "~" + list_of(d, [&] { return item_from_end(d); });
    return text + "-" + calendar_component(d, day, 40);
}

/** Seconds with or without a fraction, the seventh digit of which may round. */
std::string decimal(dice& d, int whole)
{
    static const strings fractions{"", "", "", ".5", ".25", ".125", ".000001", ".1234565"};
    return digits(d, whole) + d.pick(fractions);
}

std::string calendar_second_item(dice& d)
{
    const int a = d.between(0, 50);
    const int b = d.between(a + 2, 58);
    switch (d.between(0, 4)) {
    case 0:
        return decimal(d, a) + ".." + decimal(d, b);
    case 1:
        return decimal(d, a) + ".." + decimal(d, b) + "/" + decimal(d, d.between(1, 30));
    case 2:
        return decimal(d, a) + "/" + decimal(d, d.between(1, 58 - a));
    default:
        return decimal(d, a);
    }
}

std::string calendar_time(dice& d)
{
    const auto single = [&](const field& f) { return digits(d, value(d, f)); };
    if (d.chance(20)) {
        const std::string second = list_of(d, [&] { return calendar_second_item(d); });
        return single(hour) + ":" + single(sixty) + ":" + (d.chance(10) ? "*" : second);
    }
    std::string text = d.chance(60) ? single(hour) : calendar_component(d, hour, 10);
    text += ":" + (d.chance(75) ? single(sixty) : calendar_component(d, sixty, 5));
    return d.chance(70) ? text : text + ":" + decimal(d, d.between(0, 59) % 59);
}

std::string calendar_weekdays(dice& d)
{
    static const strings names{"Monday", "Tuesday",  "Wednesday", "Thursday",
                               "Friday", "Saturday", "Sunday"};
    const auto name = [&](int w) {
        const std::string& full = names[static_cast<std::size_t>(w)];
        return mixed_case(d, d.chance(30) ? full : full.substr(0, 3));
    };
    const std::string text = list_of(d, [&] {
        const int a = d.between(0, 6);
        if (d.chance(60)) return name(a);
        return name(a) + (d.chance(70) ? ".." : "-") + name(d.between(a, 6));
    });
    return d.chance(10) ? text + "," : text;
}

std::string calendar_parts(dice& d)
{
    const bool has_time = d.chance(85);
    const bool has_date = d.chance(has_time ? 60 : 90);
    strings parts;
    if ((!has_time && !has_date) || d.chance(35)) parts.push_back(calendar_weekdays(d));
    if (has_date) parts.push_back(calendar_date(d));
    if (has_time) parts.push_back(calendar_time(d));
    return fmt::format("{}", fmt::join(parts, d.chance(95) ? " " : "  "));
}

} // namespace

std::string random_cron(std::mt19937_64& random)
{
    static const strings macros{"@hourly",  "@daily",  "@midnight", "@weekly",
                                "@monthly", "@yearly", "@annually"};
    dice d{random};
    if (d.chance(3)) return mixed_case(d, d.pick(macros));
    const int count = d.chance(60) ? 5 : d.chance(65) ? 6 : 7;
    strings fields = cron_time(d, count > 5);
    fields.push_back(d.chance(45) ? open_field(d) : cron_day(d));
    fields.push_back(d.chance(60) ? "*" : cron_list(d, month));
    fields.push_back(d.chance(50) ? open_field(d) : cron_weekday(d));
    if (count == 7) fields.push_back(d.chance(50) ? "*" : cron_list(d, year));
    std::string text = d.chance(5) ? " " : "";
    for (const std::string& f : fields) text += (&f == fields.data() ? "" : blanks(d)) + f;
    return d.chance(5) ? text + " " : text;
}

std::string random_calendar(std::mt19937_64& random)
{
    static const strings shorthands{"minutely",   "hourly",      "daily",        "weekly",
                                    "monthly",    "quarterly",   "semiannually", "semi-annually",
                                    "biannually", "bi-annually", "yearly",       "annually"};
    static const strings zones{
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Havana",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
        "Asia/Kathmandu"};
    dice d{random};
    if (d.chance(2)) return fmt::format("@{}", d.between(0, 2'000'000'000));
    std::string text = d.chance(4) ? mixed_case(d, d.pick(shorthands)) : calendar_parts(d);
    return d.chance(8) ? text + " " + d.pick(zones) : text;
}

} // namespace carillon::test
