#include <carillon/time/numbered_times.hpp>

#include <algorithm>

namespace carillon {

std::optional<local_instant> numbered_times::first_from(local_instant from) const noexcept
{
    if (has_all()) return pattern_.first_from(std::max(from, nth_.from));
    const std::int64_t number = number_at(from);
    const std::int64_t behind = number % nth_.n;
    return pattern_.nth_from(nth_.from, behind == 0 ? number : number - behind + nth_.n);
}

std::optional<local_instant> numbered_times::last_before(local_instant until) const noexcept
{
    if (has_all()) {
        const auto found = pattern_.last_before(until);
        return found && *found >= nth_.from ? found : std::nullopt;
    }
    const std::int64_t passed = number_at(until);
    if (passed == 0) return std::nullopt;
    return pattern_.nth_from(nth_.from, (passed - 1) / nth_.n * nth_.n);
}

std::int64_t numbered_times::count(local_instant from, local_instant until) const noexcept
{
    if (has_all()) return pattern_.count(std::max(from, nth_.from), until);
    if (from >= until) return 0;
    const auto multiples_below = [&](std::int64_t number) {
        return number / nth_.n + (number % nth_.n != 0 ? 1 : 0);
    };
    return multiples_below(number_at(until)) - multiples_below(number_at(from));
}

std::int64_t numbered_times::number_at(local_instant t) const noexcept
{
    return pattern_.count(nth_.from, t);
}

} // namespace carillon
