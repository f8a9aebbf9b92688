#include <carillon/time/local_pattern.hpp>

#include <algorithm>

namespace carillon {

std::optional<local_instant> local_pattern::first_from(local_instant from) const noexcept
{
    from = std::max(from, begin_of_dates);
    const auto day = std::chrono::floor<std::chrono::days>(from);
    if (days.contains(day))
        if (const auto time = clock.first_from(from - day)) return day + *time;
    const auto time = clock.first_from(microseconds{0});
    if (!time) return std::nullopt;
    const auto later = days.first_from(day + std::chrono::days{1});
    return later ? std::optional<local_instant>(*later + *time) : std::nullopt;
}

std::optional<local_instant> local_pattern::last_before(local_instant until) const noexcept
{
    until = std::min(until, end_of_dates);
    const auto day = std::chrono::floor<std::chrono::days>(until);
    if (days.contains(day))
        if (const auto time = clock.last_before(until - day)) return day + *time;
    const auto time = clock.last_before(std::chrono::days{1});
    if (!time) return std::nullopt;
    const auto earlier = days.last_before(day);
    return earlier ? std::optional<local_instant>(*earlier + *time) : std::nullopt;
}

std::int64_t local_pattern::count(local_instant from, local_instant until) const noexcept
{
    from = std::max(from, begin_of_dates);
    until = std::min(until, end_of_dates);
    if (from >= until) return 0;
    const auto first = std::chrono::floor<std::chrono::days>(from);
    const auto last = std::chrono::floor<std::chrono::days>(until);
    std::int64_t found = days.count(first, last) * clock.count_before(std::chrono::days{1});
    if (days.contains(last)) found += clock.count_before(until - last);
    if (days.contains(first)) found -= clock.count_before(from - first);
    return found;
}

std::optional<local_instant>
local_pattern::nth_from(local_instant from, std::int64_t n) const noexcept
{
    from = std::max(from, begin_of_dates);
    const std::int64_t per_day = clock.count_before(std::chrono::days{1});
    if (per_day == 0 || from >= end_of_dates) return std::nullopt;
    // Counted from the beginning of its day.
    const auto first = std::chrono::floor<std::chrono::days>(from);
    if (days.contains(first)) n += clock.count_before(from - first);
    const auto day = days.nth_from(first, n / per_day);
    return day ? std::optional<local_instant>(*day + clock.nth(n % per_day)) : std::nullopt;
}

} // namespace carillon
