#pragma once

#include <chrono>
#include <string>

namespace carillon {

using std::chrono::microseconds;

/** A point of time: microseconds since 1970-01-01T00:00Z, without leap seconds. */
using instant = std::chrono::sys_time<microseconds>;

/** The least step from one instant to another. */
inline constexpr microseconds one_tick{1};

/** The first instant that no schedule reaches any more: local dates run to 2199-12-31. */
inline constexpr instant end_of_time = std::chrono::sys_days{std::chrono::year{2200} / 1 / 1};

/** RFC 3339 in UTC with six digits: `2025-12-20T18:22:37.000000Z`, the form on the wire and in
 * JSON. */
std::string format_utc(instant t);

/** RFC 3339 in whole seconds in the process's local zone: `2025-12-20T19:22:37+01:00`; UTC is
 * `+00:00`. */
std::string format_local(instant t);

/** As @ref format_local, with milliseconds. */
std::string format_local_ms(instant t);

/** As @ref format_local, with milliseconds where there is a fraction of a second: for instants that
 * a schedule names. */
std::string format_local_short(instant t);

} // namespace carillon
