#include "time/raw_instants.hpp"

#include <algorithm>

namespace carillon::detail {

std::optional<instant> raw_instants::next_after(instant t) const noexcept
{
    if (const auto& e = schedule_.expression) return instants_of(*e).next_after(t);
    if (schedule_.at.empty()) return carillon::next_after(ticks_, t);
    const auto later = std::upper_bound(schedule_.at.begin(), schedule_.at.end(), t);
    return later != schedule_.at.end() ? std::optional(*later) : std::nullopt;
}

std::optional<instant> raw_instants::last_until(instant t) const noexcept
{
    if (const auto& e = schedule_.expression) return instants_of(*e).last_until(t);
    if (schedule_.at.empty()) return carillon::last_until(ticks_, t);
    const auto later = std::upper_bound(schedule_.at.begin(), schedule_.at.end(), t);
    return later != schedule_.at.begin() ? std::optional(*(later - 1)) : std::nullopt;
}

std::int64_t raw_instants::count(instant from, instant to) const noexcept
{
    if (from > to) return 0;
    if (const auto& e = schedule_.expression) return instants_of(*e).count(from, to);
    if (schedule_.at.empty()) return count_ticks(ticks_, from, to);
    return std::upper_bound(schedule_.at.begin(), schedule_.at.end(), to) -
           std::lower_bound(schedule_.at.begin(), schedule_.at.end(), from);
}

std::optional<std::int64_t> raw_instants::phase_at(instant t) const noexcept
{
    if (const auto& e = schedule_.expression) {
        if (!schedule_.nth) return 0;
        const every_nth& nth = *schedule_.nth;
        return e->pattern->count(nth.from, e->zone.to_local(t)) % nth.n;
    }
    if (!schedule_.at.empty() || ticks_.every == microseconds{0}) return std::nullopt;
    return (t - ticks_.anchor) % ticks_.every / one_tick;
}

zoned_pattern raw_instants::instants_of(const expression& e) const noexcept
{
    return {*e.pattern, e.zone, schedule_.dst, schedule_.nth.value_or(every_nth{})};
}

} // namespace carillon::detail
