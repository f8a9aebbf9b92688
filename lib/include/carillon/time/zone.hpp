#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace carillon {

/** From `begin` until the next period begins, local time is UTC + `offset`. */
struct zone_period {
    instant begin{};
    std::chrono::seconds offset{0};

    friend bool operator==(const zone_period&, const zone_period&) = default;
};

/**
 * The rules of a time zone: a value, cheap to copy and immutable, so any thread may ask it.
 *
 * It holds each change of the offset from 1970 to 2199, as cctz works them out of the system's
 * tzdata.
 */
class time_zone {
public:
    /** UTC. */
    time_zone();

    /**
     * Reads a zone of the system's tzdata by its IANA name in exact case, or `local`.
     *
     * `local` is what `TZ` names (tzset(3)), else `/etc/localtime`. The files are those of
     * `TZDIR`, else of `/usr/share/zoneinfo`; each load reads them anew, so it sees an updated
     * tzdata while zones loaded before stay as they were. Blocks for as long as the file system
     * does; may be called from several threads.
     *
     * Fails where there is no such zone, with the nearest name where one is near. What was read
     * stays in memory until the process ends, as in cctz itself: once for each content of a file.
     */
    static parse_result<time_zone> load(std::string_view name);

    /** Its IANA name; `local` where the local zone's file does not tell one. */
    const std::string& name() const noexcept;

    /** In their order; the first begins before all dates, and neighbours differ in their offset. */
    std::span<const zone_period> periods() const noexcept;

    /** The place among the periods of the one that holds `t`. */
    std::size_t period_at(instant t) const noexcept;

    /** What the zone's clocks show at `t`. */
    local_instant to_local(instant t) const noexcept;

    /** The first instant whose local time is `t` or later. */
    instant first_at(local_instant t) const noexcept;

    /** Whether both have the same name and the same rules. */
    friend bool operator==(const time_zone& a, const time_zone& b) noexcept;

private:
    struct rules;
    static parse_result<time_zone> load_named(std::string_view name);
    static parse_result<time_zone> load_local();
    explicit time_zone(std::shared_ptr<const rules> r) noexcept : rules_(std::move(r)) {}

    std::shared_ptr<const rules> rules_;
};

} // namespace carillon
