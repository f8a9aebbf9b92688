#include <carillon/time/schedule.hpp>

namespace carillon {
namespace {

/** a / b rounded towards minus infinity; b is positive. */
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept
{
    return a / b - (a % b < 0 ? 1 : 0);
}

} // namespace

grid make_grid(const schedule& s, const time_origins& origins)
{
    const microseconds every = s.every.value_or(microseconds{0});
    if (!follows_elapsed_time(s)) return {instant{}, every};

    const instant origin = s.on_boot ? origins.boot : origins.start;
    const microseconds delay = s.on_boot ? *s.on_boot : *s.on_start;
    // Beyond the end of time nothing fires; going there by addition could overflow.
    if (delay >= end_of_time - origin) return {end_of_time, every};
    return {std::chrono::ceil<std::chrono::seconds>(origin + delay), every};
}

std::optional<instant> next_after(const grid& g, instant t) noexcept
{
    if (t >= end_of_time || g.anchor >= end_of_time) return std::nullopt;
    if (t < g.anchor) return g.anchor;
    if (g.every <= microseconds{0}) return std::nullopt;

    const std::int64_t passed = (t - g.anchor) / g.every;
    std::int64_t offset = 0;
    if (__builtin_mul_overflow(passed + 1, g.every.count(), &offset)) return std::nullopt;
    if (microseconds{offset} >= end_of_time - g.anchor) return std::nullopt;
    return g.anchor + microseconds{offset};
}

std::optional<instant> last_until(const grid& g, instant t) noexcept
{
    if (t < g.anchor || g.anchor >= end_of_time) return std::nullopt;
    if (g.every <= microseconds{0}) return g.anchor;
    const instant before_end = std::min(t, end_of_time - microseconds{1});
    return g.anchor + (before_end - g.anchor) / g.every * g.every;
}

std::optional<instant> first_due(const schedule& s, const grid& ticks, instant now) noexcept
{
    const auto passed = follows_elapsed_time(s) ? last_until(ticks, now) : std::nullopt;
    return passed ? passed : next_after(ticks, now);
}

std::int64_t count_ticks(const grid& g, instant from, instant to) noexcept
{
    if (to < from || to < g.anchor) return 0;
    if (g.every <= microseconds{0}) return from <= g.anchor ? 1 : 0;
    const std::int64_t upto = (to - g.anchor) / g.every;
    const std::int64_t before =
        floor_div((from - microseconds{1} - g.anchor).count(), g.every.count());
    return upto - std::max<std::int64_t>(before, -1);
}

} // namespace carillon
