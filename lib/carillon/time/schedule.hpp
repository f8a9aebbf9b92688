#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace carillon {

/**
 * When a job is due: ticks at a fixed rate, without drift.
 *
 * | written | ticks |
 * | --- | --- |
 * | `every` alone | its multiples since the Unix epoch: `15min` is :00, :15, :30, :45 UTC |
 * | with `on_boot = D` | D after the machine booted, then each `every`; counted in elapsed time |
 * | with `on_start = D` | the same from the start of carillon |
 * | `on_boot` or `on_start` alone | one tick a boot, a start |
 */
struct schedule {
    /// At least 100 ms.
    std::optional<microseconds> every{};
    std::optional<microseconds> on_boot{};
    std::optional<microseconds> on_start{};
    /// How much later than due a run may start, so that wake-ups coalesce.
    microseconds accuracy{0};

    friend bool operator==(const schedule&, const schedule&) = default;
};

/** The shortest time that may lie between two instants of a schedule. */
inline constexpr microseconds min_interval = std::chrono::milliseconds{100};

/** Whether the schedule's ticks are counted in elapsed time, so that setting the wall clock moves
 * them. */
constexpr bool follows_elapsed_time(const schedule& s) noexcept
{
    return s.on_boot.has_value() || s.on_start.has_value();
}

/** The moments that `on_boot` and `on_start` count from, as wall time. */
struct time_origins {
    instant boot{};
    instant start{};
};

/** Instants `anchor + k * every`, k = 0, 1, 2...; with `every` zero, the anchor alone. */
struct grid {
    instant anchor{};
    microseconds every{0};

    friend bool operator==(const grid&, const grid&) = default;
};

/**
 * The schedule's ticks as wall time, given where they count from.
 *
 * The first tick of a boot or start is rounded up to a whole second, so that a tick has the same
 * name however often its wall time is worked out.
 */
grid make_grid(const schedule& s, const time_origins& origins);

/** The first tick strictly later than `t`, or nothing where none comes before @ref end_of_time.
 * Never throws. */
std::optional<instant> next_after(const grid& g, instant t) noexcept;

/** The latest tick at or before `t`, or nothing where the first is later. */
std::optional<instant> last_until(const grid& g, instant t) noexcept;

/**
 * The tick that a job is due at which is seen for the first time at `now`.
 *
 * For what counts from a boot or a start that is the latest that has passed, which is due at once;
 * else, and where none has passed, the next one.
 */
std::optional<instant> first_due(const schedule& s, const grid& ticks, instant now) noexcept;

/** How many ticks lie in [from, to]; worked out, not walked. */
std::int64_t count_ticks(const grid& g, instant from, instant to) noexcept;

} // namespace carillon
