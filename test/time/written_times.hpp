#pragma once

#include <carillon/time/instant.hpp>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::test {

/** What an expression says, as sets: the local dates and times at which it is written to fire. */
struct written_times {
    /** Whether it may fire on that local date at all. */
    std::function<bool(std::chrono::year_month_day)> fits_date;
    std::array<bool, 24> hours{};
    std::array<bool, 60> minutes{};
    /** Within a minute, in ascending order. */
    std::vector<microseconds> seconds;
    /** `*` or `/` stands in the hour, minute or second field; otherwise these are fixed times. */
    bool is_interval = false;
    /** The zone that the expression itself names, or empty. */
    std::string zone;
    /** `@SECONDS`: this one instant instead of all the above. */
    std::optional<instant> at;
};

/** Reads a cron expression of five, six or seven fields, or a macro.
 * @param job_name what `H` is hashed from.
 * @throws std::invalid_argument where it is none; `@every` and `@reboot` are none here. */
written_times read_cron(std::string_view expression, std::string_view job_name);

/** Reads a calendar event of systemd.time(7).
 * @throws std::invalid_argument where it is none. */
written_times read_calendar(std::string_view expression);

/** Whether the system's tzdata has a zone of that name. */
bool is_zone(const std::string& name);

/** The expression in ASCII capitals. */
std::string to_upper(std::string_view text);

/** The parts between the separators, also the empty ones: always at least one. */
std::vector<std::string> split_at(const std::string& text, char separator);

/** The parts between blanks; none is empty. */
std::vector<std::string> split_blanks(std::string_view text);

/** The last day of a date's month. */
unsigned last_day(std::chrono::year_month_day date);

} // namespace carillon::test
