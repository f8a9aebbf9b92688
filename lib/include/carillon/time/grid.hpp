#pragma once

#include <carillon/time/instant.hpp>

#include <cstdint>
#include <optional>

namespace carillon {

/** Instants `anchor + k * every`, k = 0, 1, 2...; with `every` zero, the anchor alone. */
struct grid {
    instant anchor{};
    microseconds every{0};

    friend bool operator==(const grid&, const grid&) = default;
};

/** The first tick strictly later than `t`, or nothing if none comes before @ref end_of_time.
 * Never throws. */
std::optional<instant> next_after(const grid& g, instant t) noexcept;

/** The latest tick at or before `t`, or nothing if the first is later. */
std::optional<instant> last_until(const grid& g, instant t) noexcept;

/** How many ticks lie in [from, to]; worked out, not walked. */
std::int64_t count_ticks(const grid& g, instant from, instant to) noexcept;

} // namespace carillon
