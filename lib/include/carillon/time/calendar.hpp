#pragma once

#include <carillon/error.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/** What a calendar expression means: local times, or with `@SECONDS` one instant. */
struct calendar_meaning {
    /// Of no use where `moment` is set.
    local_pattern pattern{};
    std::optional<instant> moment{};
    /// The zone that the expression itself names, checked to look like one; empty where it names
    /// none.
    std::string zone{};
    /// The smallest component that was written.
    enum class precision { day, minute, second };
    precision smallest = precision::day;
};

/**
 * Reads a calendar event as systemd.time(7) of systemd 252 has it: `Mon..Fri 08:30`,
 * `*-*~07/1 18:00 Europe/Berlin`, `*:0/15`, `quarterly`, `@1767225661`.
 *
 * Unlike a crontab's, a date must fit the date and the weekday. Fails with the place of the first
 * mistake and what is allowed there; a longer text than @ref max_expression_bytes is one.
 */
parse_result<calendar_meaning> parse_calendar(std::string_view text);

} // namespace carillon
