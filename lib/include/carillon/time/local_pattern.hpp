#pragma once

#include <carillon/time/instant.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace carillon {

/** A date and time as people of some time zone read it off their wall. */
using local_instant = std::chrono::local_time<microseconds>;

/** Local dates run from 1970-01-01 to 2199-12-31, systemd.time(7)'s range. */
inline constexpr int first_year = 1970;
/** The last year of the range of dates. */
inline constexpr int last_year = 2199;
/** The first local time of the range of dates. */
inline constexpr local_instant begin_of_dates =
    std::chrono::local_days{std::chrono::year{first_year} / 1 / 1};
/** The first local time behind the range of dates. */
inline constexpr local_instant end_of_dates =
    std::chrono::local_days{std::chrono::year{last_year + 1} / 1 / 1};

/** Which dates an expression means. A bit stands for the value of its number. */
struct day_pattern {
    /// Bit 0 is 1970.
    using year_set = std::bitset<last_year - first_year + 1>;

    year_set years = year_set{}.set();
    std::uint16_t months = 0x1ffe;

    /// Days of the month, 1 to 31.
    std::uint32_t days = 0;
    /// So many days before the last one, 0 to 30.
    std::uint32_t days_from_end = 0;
    /// The Monday to Friday nearest to this day, within its month.
    std::uint32_t nearest_weekdays = 0;
    /// The month's last Monday to Friday.
    bool last_weekday = false;

    /// Weekdays, 0 is Sunday.
    std::uint8_t weekdays = 0;
    /// The first to fifth of each in a month.
    std::array<std::uint8_t, 5> nth_weekdays{};
    /// The last of each in a month.
    std::uint8_t last_weekdays = 0;

    /// Whether a date fits when it fits by day or by weekday, as in a crontab that restricts both;
    /// else it must by both.
    bool either = false;

    /** The days of a month that fit, as a set of bits 1 to 31. */
    std::uint32_t days_of(std::chrono::year_month month) const noexcept;

    /** The first date at or after `from` that fits, within the range of dates. */
    std::optional<std::chrono::local_days> first_from(std::chrono::local_days from) const noexcept;

    /** The last date before `until` that fits. */
    std::optional<std::chrono::local_days>
    last_before(std::chrono::local_days until) const noexcept;

    /** How many dates fit in [from, until). Worked out year by year. */
    std::int64_t count(std::chrono::local_days from, std::chrono::local_days until) const noexcept;

    /** Of the dates at or after `from` that fit, the one behind `n` others; nothing if they are
     * fewer. */
    std::optional<std::chrono::local_days>
    nth_from(std::chrono::local_days from, std::int64_t n) const noexcept;

    /** Whether a date fits. */
    bool contains(std::chrono::local_days day) const noexcept;

    friend bool operator==(const day_pattern&, const day_pattern&) = default;
};

/** Times within a minute at a fixed step: first, first + step, ... last. */
struct second_steps {
    microseconds first{0};
    microseconds last{0};
    microseconds step{std::chrono::seconds{1}};

    friend bool operator==(const second_steps&, const second_steps&) = default;
};

/** Which times of a day an expression means. A bit stands for the value of its number. */
struct clock_pattern {
    std::uint32_t hours = 0;
    std::uint64_t minutes = 0;
    std::uint64_t seconds = 0;
    /// Seconds that are no whole ones, in addition.
    std::vector<second_steps> fractions{};

    /** The first time of day at or after `from`. */
    std::optional<microseconds> first_from(microseconds from) const noexcept;

    /** The last time of day before `until`. */
    std::optional<microseconds> last_before(microseconds until) const noexcept;

    /** How many times of day lie before `until`; all of them for 24 h. */
    std::int64_t count_before(microseconds until) const noexcept;

    /** The time of day behind `n` others; there must be so many. */
    microseconds nth(std::int64_t n) const noexcept;

    friend bool operator==(const clock_pattern&, const clock_pattern&) = default;
};

/**
 * A set of local times: what a cron or calendar expression means before any time zone.
 *
 * Its questions allocate nothing and never throw.
 */
struct local_pattern {
    day_pattern days{};
    clock_pattern clock{};
    /// Whether it names times of day, such as 02:30, rather than a rhythm, such as every half hour:
    /// what a change of the zone's offset does to it depends on this.
    bool is_fixed_time = true;

    /** The first time at or after `from`; nothing if there is none in the range of dates. */
    std::optional<local_instant> first_from(local_instant from) const noexcept;

    /** The last time before `until`. */
    std::optional<local_instant> last_before(local_instant until) const noexcept;

    /** How many times lie in [from, until); worked out, not walked. */
    std::int64_t count(local_instant from, local_instant until) const noexcept;

    /** Of the times at or after `from` the one behind `n` others, which is worked out, too; nothing
     * if they are fewer. */
    std::optional<local_instant> nth_from(local_instant from, std::int64_t n) const noexcept;

    /** Whether `t` is one of the times. */
    bool contains(local_instant t) const noexcept { return first_from(t) == t; }

    friend bool operator==(const local_pattern&, const local_pattern&) = default;
};

} // namespace carillon
