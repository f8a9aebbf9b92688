#pragma once

#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>
#include <carillon/time/numbered_times.hpp>
#include <carillon/time/zone.hpp>

#include <cstdint>
#include <optional>

namespace carillon {

/**
 * When local times run that a change of the zone's offset leaves out (a gap) or repeats (a fold).
 *
 * | | fixed time in a gap | fixed time in a fold | interval in a gap | interval in a fold |
 * | --- | --- | --- | --- | --- |
 * | `run` | once, at the first instant after it | first pass | nothing | both passes |
 * | `skip` | nothing | first pass | nothing | first pass |
 * | `both` | as `run` | both passes | nothing | both passes |
 * | `shift` | later by the gap's length | first pass | nothing | both passes |
 *
 * A gap of a day or longer swallows its times under each of them: those dates were not in the
 * zone's calendar. `run` is what Debian's cron does, `skip` systemd; `shift` is RFC 5545 section
 * 3.3.5.
 */
enum class dst_policy { run, skip, both, shift };

/**
 * The instants of a pattern of local times in a zone, or of every n-th of these times, in their
 * order, each once. The times are numbered as the pattern names them, whatever `dst` makes of them.
 *
 * All questions are pure; they allocate nothing and never throw. The pattern must outlive the
 * object.
 */
class zoned_pattern {
public:
    /** The times of `pattern` that `nth` leaves, in `zone`, with gaps and folds as `dst` says. */
    zoned_pattern(
        const local_pattern& pattern,
        const time_zone& zone,
        dst_policy dst,
        const every_nth& nth = {}) noexcept
        : times_(pattern, nth), zone_(zone), dst_(dst)
    {}

    /** The first instant strictly later than `t`. */
    std::optional<instant> next_after(instant t) const noexcept;

    /** The latest instant at or before `t`. */
    std::optional<instant> last_until(instant t) const noexcept;

    /** How many instants lie in [from, to]; worked out, not walked. */
    std::int64_t count(instant from, instant to) const noexcept;

private:
    class period;

    numbered_times times_;
    const time_zone& zone_;
    dst_policy dst_;
};

} // namespace carillon
