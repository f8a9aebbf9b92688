#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>
#include <carillon/time/zone.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/** From `begin` up to, not with, `end`. */
struct time_window {
    instant begin{};
    instant end{};
};

/** Local times at which nothing fires: whole days where its expression has no time of day, else
 * whole minutes or seconds, down to what it writes. */
struct exclusion {
    std::string text{};
    std::shared_ptr<const local_pattern> pattern{};
    /// A day, an hour, a minute or a second.
    microseconds unit = std::chrono::hours{24};
    time_zone zone{};

    /** The first window of excluded time that ends later than `t`: it may hold `t`. */
    std::optional<time_window> window_after(instant t) const noexcept;

    friend bool operator==(const exclusion& a, const exclusion& b) noexcept;
};

/**
 * Reads a date, `2026-12-24`, or any calendar event as @ref parse_calendar does; its local times
 * are those of `zone` unless it names one itself.
 */
parse_result<exclusion> parse_exclusion(std::string_view text, const time_zone& zone);

} // namespace carillon
