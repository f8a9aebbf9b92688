#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/runner/agenda.hpp>
#include <carillon/time/schedule.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace carillon {

/** The clocks as the timetable needs them. */
struct time_reading {
    instant now;
    /// Wall times of the boot and of carillon's start.
    time_origins origins;
};

/** Instants of one job that passed without a run. */
struct missed_span {
    instant from;
    instant to;
    std::int64_t count = 0;
};

/** A run that is due, and what it stands for. */
struct due_run {
    job_index job = 0;
    instant scheduled_at;
    /// The instant and its jitter: from here on it is late.
    instant due;
    /// More than a minute beyond its window: it makes up for a missed instant.
    bool caught_up = false;
    /// What has run at such an instant is not run again after the clock was set back.
    bool is_fixed_time = false;
    /// Earlier instants that passed as well; this run stands for them, too.
    std::optional<missed_span> coalesced{};
};

/**
 * When each job of a plan fires next. Pure: it is told the time and waits for nothing.
 *
 * Of several instants that passed, one run makes up for all, with the latest one's name.
 */
class timetable {
public:
    /**
     * Takes a plan, in place of the one before.
     *
     * A job that keeps its name and schedule keeps its next instant. A job seen for the first time
     * owes nothing, but where its ticks count from a boot or start and the first has passed, the
     * latest is due at once.
     */
    void assign(std::shared_ptr<const job_set> plan, const time_reading& time);

    /** When to wake next; nothing where nothing will be due. */
    std::optional<instant> next_wake() { return agenda_.next_wake(); }

    /** What is due by now, earliest first. Each of these jobs moves on to its next instant after
     * `now`. */
    std::vector<due_run> take_due(instant now);

    /**
     * The wall clock was set: ticks that follow elapsed time move with it, all others are looked
     * for anew.
     *
     * Instants that a step forward passes over are due at once; after a step back jobs go on from
     * the new time.
     */
    void clock_stepped(microseconds by, instant now);

    /** The job's next instant. */
    std::optional<instant> next_due(job_index j) const;

private:
    struct entry {
        grid ticks;
        instant next = never;
    };

    static constexpr instant never = instant::max();

    entry first_sight(const schedule& s, const time_reading& time) const;
    entry carried_over(
        const job& j,
        const schedule& s,
        const entry& before,
        const job& job_before,
        const time_reading&) const;
    void plan_all();
    appointment appointment_for(job_index j) const;
    instant due_time(job_index j, instant at) const;
    instant newest_due(job_index j, instant now) const;

    std::shared_ptr<const job_set> plan_;
    std::vector<entry> entries_; // one for each job of the plan
    agenda agenda_;
};

} // namespace carillon
