#pragma once

#include "runner/plan/catch_up.hpp"
#include "runner/plan/due_time.hpp"
#include <carillon/job/job.hpp>
#include <carillon/store/job_memory.hpp>
#include <carillon/time/grid.hpp>
#include <carillon/time/schedule.hpp>

#include <optional>
#include <vector>

namespace carillon::detail {

/**
 * Where a job stands among the instants of its schedule. Pure. The timetable keeps one for each job
 * and moves it on.
 *
 * An instant is open while it is still to be judged. A rhythm comes to all its instants, also once
 * more after the clock was set back. A point of time that has had its turn is not open again.
 */
struct schedule_cursor {
    /// Where the schedule has a rate: its ticks.
    grid ticks{};
    /// The first instant that is not judged yet.
    instant next = never;
    /// The last instant that was taken, perhaps ahead of its time.
    instant taken = instant::min();
    /// The instants that runs have been named after, oldest first.
    std::vector<used_span> used{};

    /** The first open instant after `t`; @ref never where there is none. */
    instant next_open(const schedule& s, instant t) const;

    /** The latest open instant at or before `t`. */
    std::optional<instant> last_open(const schedule& s, instant t) const;

    /** The newest instant, from @ref next on, whose run may start by now; @ref next where there is
     * none. */
    instant newest_due(const job& j, instant now) const;

    /**
     * Cuts off those instants of a span that lie before the last point of time in it that has had
     * its turn. Returns them, the oldest first; `passed` keeps what is newer.
     */
    std::vector<passed_span> cut_before_used(const schedule& s, passed_span& passed) const;

    /**
     * The wall clock was set, to `now`. Ticks of elapsed time stay where they are in it and get
     * other wall times, `after`. From now on the schedule's bounds are held against those.
     *
     * @ref next moves unless the job is disabled or paused.
     */
    void move_ticks(const schedule& s, const grid& after, instant now, bool is_active);
};

} // namespace carillon::detail
