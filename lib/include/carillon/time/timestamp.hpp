#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/time/zoned_pattern.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carillon {

/** A date without a time, in some zone. */
using local_date = std::chrono::local_days;

/** What a written point of time means: an instant by itself, or once a zone is known. */
using timestamp = std::variant<instant, local_instant, local_date>;

/**
 * Reads RFC 3339 (`2026-01-31T09:00:00Z`, `...+01:00`, with a fraction of up to six digits that
 * count), or without an offset a local time, `YYYY-MM-DD[ HH:MM[:SS[.f]]]`, where a `T` may stand
 * for the blank.
 *
 * Fails with the place of the first mistake. A leap second (`:60`) is the next minute's first.
 */
parse_result<timestamp> parse_timestamp(std::string_view text);

/** Reads RFC 3339 alone. */
parse_result<instant> parse_instant(std::string_view text);

/** The instants that a written point of time means in a zone: none where a gap swallows it, two
 * where `dst` asks for both passes of a fold. A date is its first instant. */
std::vector<instant> instants_of(const timestamp& t, const time_zone& zone, dst_policy dst);

/** The first instant at which the zone's clocks show a written point of time, or more. */
instant first_instant_of(const timestamp& t, const time_zone& zone);

/** What the zone's clocks show at a written point of time. A local one is as it is written, also
 * where the clocks pass over it. */
local_instant local_time_of(const timestamp& t, const time_zone& zone);

/** RFC 3339 in UTC as short as exact: `2026-01-01T00:00:00Z`, with six digits where there is a
 * fraction. */
std::string format_utc_short(instant t);

} // namespace carillon
