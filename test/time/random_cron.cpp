#include "dice.hpp"
#include "random_expressions.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace carillon::test {
namespace {

using namespace drawn;

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

} // namespace carillon::test
