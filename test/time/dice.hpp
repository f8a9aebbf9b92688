#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

/** Numbers, names and lists, drawn for @ref random_cron and @ref random_calendar. */
namespace carillon::test::drawn {

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

inline std::string mixed_case(dice& d, std::string text)
{
    const int style = d.between(0, 3);
    for (char& c : text) {
        const bool upper = style == 0 || (style == 1 && d.chance(50));
        if (upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (style == 2) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
}

inline std::string digits(dice& d, int value)
{
    return d.chance(20) ? fmt::format("{:02}", value) : fmt::format("{}", value);
}

/** One to three items with commas. */
inline std::string list_of(dice& d, const std::function<std::string()>& item)
{
    std::string text = item();
    for (int more = d.chance(70) ? 0 : d.between(1, 2); more > 0; --more) text += "," + item();
    return text;
}

/** The numbers that a field of an expression may hold, and which it holds mostly. */
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

inline const field sixty{0, 59, 60, 0, 59, 0, 59, {}};
inline const field hour{0, 23, 24, 0, 23, 0, 3, {}};
inline const field day{1, 31, 31, 1, 28, 1, 31, {}};
inline const field month{
    1,  12,
    12, 1,
    12, 1,
    12, {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}};
inline const field weekday{0, 7, 7, 0, 6, 0, 7, {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}};
inline const field year{1970, 2199, 230, 0, 0, 1990, 2040, {}};

inline int value(dice& d, const field& f)
{
    return d.chance(75) ? d.between(f.usual_low, f.usual_high) : d.between(f.low, f.high);
}

inline int step(dice& d, int largest)
{
    return d.chance(80) ? d.between(1, std::max(1, largest / 2)) : d.between(1, largest);
}

inline std::string written(dice& d, const field& f, int v)
{
    const auto name = static_cast<std::size_t>(v - f.low);
    if (name < f.names.size() && d.chance(60)) return mixed_case(d, f.names[name]);
    return digits(d, v);
}

} // namespace carillon::test::drawn
