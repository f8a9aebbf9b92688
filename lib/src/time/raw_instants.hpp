#pragma once

#include <carillon/time/schedule.hpp>

#include <cstdint>
#include <optional>

namespace carillon::detail {

/** The instants that a schedule names, before its window and its exclusions narrow them. The
 * schedule must outlive it. */
class raw_instants {
public:
    /** `ticks` count where the schedule has a rate. */
    raw_instants(const schedule& s, const grid& ticks) noexcept : schedule_(s), ticks_(ticks) {}

    /** The first instant strictly later than `t`. */
    std::optional<instant> next_after(instant t) const noexcept;

    /** The latest instant at or before `t`. */
    std::optional<instant> last_until(instant t) const noexcept;

    /** How many instants lie in [from, to]; worked out, not walked. */
    std::int64_t count(instant from, instant to) const noexcept;

    /**
     * The phase of the instants at `t`. Two stretches have their instants at the same places if
     * they begin with the same phase, begin at the same time of day, are equally long, and have
     * equally many instants. That holds while no zone's offset changes. Nothing if no two
     * stretches need be alike.
     */
    std::optional<std::int64_t> phase_at(instant t) const noexcept;

private:
    zoned_pattern instants_of(const expression& e) const noexcept;

    const schedule& schedule_;
    grid ticks_;
};

} // namespace carillon::detail
