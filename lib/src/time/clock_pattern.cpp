#include "time/bit_set.hpp"
#include <carillon/time/local_pattern.hpp>

#include <algorithm>
#include <bit>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using detail::at_least;
using detail::below;
using detail::highest;
using detail::lowest;
using detail::nth_of;

constexpr microseconds whole_day = 24h;

/** The first second of `s` at or after `at`. */
std::optional<microseconds> first_step(const second_steps& s, microseconds at) noexcept
{
    if (at <= s.first) return s.first;
    const microseconds found =
        s.first + (at - s.first + s.step - microseconds{1}) / s.step * s.step;
    return found <= s.last ? std::optional(found) : std::nullopt;
}

/** The last second of `s` before `until`. */
std::optional<microseconds> last_step(const second_steps& s, microseconds until) noexcept
{
    if (until <= s.first) return std::nullopt;
    const microseconds end = std::min(until - microseconds{1}, s.last);
    return s.first + (end - s.first) / s.step * s.step;
}

std::optional<microseconds> first_second(const clock_pattern& c, microseconds at) noexcept
{
    std::optional<microseconds> found;
    const auto whole = static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(at).count());
    if (const std::uint64_t left = at_least(c.seconds, whole); left != 0)
        found = std::chrono::seconds{lowest(left)};
    for (const second_steps& s : c.fractions)
        if (const auto step = first_step(s, at); step && (!found || *step < *found)) found = step;
    return found;
}

std::optional<microseconds> last_second(const clock_pattern& c, microseconds until) noexcept
{
    std::optional<microseconds> found;
    const auto whole =
        static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(until).count());
    if (const std::uint64_t left = below(c.seconds, whole); left != 0)
        found = std::chrono::seconds{highest(left)};
    for (const second_steps& s : c.fractions)
        if (const auto step = last_step(s, until); step && (!found || *step > *found)) found = step;
    return found;
}

std::int64_t count_seconds(const clock_pattern& c, microseconds until) noexcept
{
    if (c.fractions.empty()) {
        const auto whole =
            static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(until).count());
        return std::popcount(below(c.seconds, whole));
    }
    // Steps may meet, so their numbers do not add up. A schedule has at most 600 a minute.
    std::int64_t count = 0;
    for (auto at = first_second(c, microseconds{0}); at && *at < until;
         at = first_second(c, *at + microseconds{1}))
        ++count;
    return count;
}

/** The second of a minute behind `n` others. */
microseconds nth_second(const clock_pattern& c, std::int64_t n) noexcept
{
    if (c.fractions.empty()) return std::chrono::seconds{nth_of(c.seconds, n)};
    auto at = first_second(c, microseconds{0});
    for (; at && n > 0; --n) at = first_second(c, *at + microseconds{1});
    return at.value_or(microseconds{0});
}

/** A time of day in parts. */
struct clock_parts {
    unsigned hour;
    unsigned minute;
    microseconds second; // within the minute

    explicit clock_parts(microseconds of_day) noexcept
        : hour(static_cast<unsigned>(of_day / 1h)),
          minute(static_cast<unsigned>(of_day % 1h / 1min)), second(of_day % 1min)
    {}
};

constexpr microseconds join(unsigned hour, unsigned minute, microseconds second) noexcept
{
    return std::chrono::hours{hour} + std::chrono::minutes{minute} + second;
}

} // namespace

std::optional<microseconds> clock_pattern::first_from(microseconds from) const noexcept
{
    if (from >= whole_day) return std::nullopt;
    const clock_parts at(from);
    const bool is_now = (hours >> at.hour & 1) != 0;
    if (is_now && (minutes >> at.minute & 1) != 0)
        if (const auto second = first_second(*this, at.second))
            return join(at.hour, at.minute, *second);

    const auto second = first_second(*this, microseconds{0});
    if (!second || minutes == 0) return std::nullopt;
    if (const auto left = at_least(minutes, at.minute + 1); is_now && left != 0)
        return join(at.hour, lowest(left), *second);
    const auto left = at_least(hours, at.hour + 1);
    if (left == 0) return std::nullopt;
    return join(lowest(left), lowest(minutes), *second);
}

std::optional<microseconds> clock_pattern::last_before(microseconds until) const noexcept
{
    if (until <= microseconds{0}) return std::nullopt;
    const clock_parts at(std::min(until, whole_day) - microseconds{1});
    const bool is_now = (hours >> at.hour & 1) != 0;
    if (is_now && (minutes >> at.minute & 1) != 0)
        if (const auto second = last_second(*this, at.second + microseconds{1}))
            return join(at.hour, at.minute, *second);

    const auto second = last_second(*this, 1min);
    if (!second || minutes == 0) return std::nullopt;
    if (const auto left = below(minutes, at.minute); is_now && left != 0)
        return join(at.hour, highest(left), *second);
    const auto left = below(hours, at.hour);
    if (left == 0) return std::nullopt;
    return join(highest(left), highest(minutes), *second);
}

std::int64_t clock_pattern::count_before(microseconds until) const noexcept
{
    if (until <= microseconds{0}) return 0;
    const std::int64_t per_minute = count_seconds(*this, 1min);
    const std::int64_t per_hour = per_minute * std::popcount(minutes);
    if (until >= whole_day) return per_hour * std::popcount(hours);

    const clock_parts at(until);
    std::int64_t found = per_hour * std::popcount(below(hours, at.hour));
    if ((hours >> at.hour & 1) == 0) return found;
    found += per_minute * std::popcount(below(minutes, at.minute));
    if ((minutes >> at.minute & 1) == 0) return found;
    return found + count_seconds(*this, at.second);
}

microseconds clock_pattern::nth(std::int64_t n) const noexcept
{
    const std::int64_t per_minute = count_seconds(*this, 1min);
    const std::int64_t per_hour = per_minute * std::popcount(minutes);
    return join(
        nth_of(hours, n / per_hour), nth_of(minutes, n % per_hour / per_minute),
        nth_second(*this, n % per_minute));
}

} // namespace carillon
