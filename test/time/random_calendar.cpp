#include "dice.hpp"
#include "random_expressions.hpp"

#include <fmt/format.h>

#include <string>

namespace carillon::test {
namespace {

using namespace drawn;

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
