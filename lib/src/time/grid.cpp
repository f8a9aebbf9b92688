#include <carillon/time/grid.hpp>

#include <algorithm>

namespace carillon {
namespace {

/** a / b rounded towards minus infinity; b is positive. */
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept
{
    return a / b - (a % b < 0 ? 1 : 0);
}

} // namespace

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

std::int64_t count_ticks(const grid& g, instant from, instant to) noexcept
{
    from = std::max(from, g.anchor);
    to = std::min(to, end_of_time - microseconds{1});
    if (to < from) return 0;
    if (g.every <= microseconds{0}) return from == g.anchor ? 1 : 0;
    const std::int64_t upto = (to - g.anchor) / g.every;
    const std::int64_t before = floor_div((from - g.anchor).count() - 1, g.every.count());
    return upto - before;
}

} // namespace carillon
