#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>

#include <string>
#include <string_view>

namespace carillon {

/**
 * Reads a span as systemd.time(7) writes it: `5min`, `1h 30min`, `1.5s`, `90` (seconds).
 *
 * One or more numbers with their units, added up. A unit's case counts: `m` is a minute, `M` a
 * month of 30.4375 days. A fraction is worked out digit by digit and cut to whole microseconds, as
 * systemd does.
 *
 * Fails where the text is empty, negative, has an unknown unit, or exceeds 2^63-1 microseconds.
 */
parse_result<microseconds> parse_span(std::string_view text);

/** A span for people: `15min`, `1h 30min`, `2d`, `500ms`; weeks and longer stay in days. */
std::string format_span(microseconds span);

/** A span in seconds alone, as short as exact: `60s`, `0.5s`. */
std::string format_seconds(microseconds span);

} // namespace carillon
