#pragma once

#include "runner/plan/agenda.hpp"
#include "runner/plan/backlog.hpp"
#include "runner/plan/catch_up.hpp"
#include "runner/plan/due_time.hpp"
#include "runner/plan/schedule_cursor.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/store/history.hpp>
#include <carillon/store/job_memory.hpp>
#include <carillon/time/schedule.hpp>

#include <boost/uuid/uuid.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace carillon::detail {

/** What the timetable needs to know of the clocks. */
struct time_reading {
    instant now;
    /// The wall times of the boot and of carillon's start.
    time_origins origins;
    boost::uuids::uuid boot_id{};
    /// When carillon started, in time since boot.
    microseconds start{0};
};

/** The time since boot that a schedule's ticks count from. */
microseconds start_of_ticks(const schedule& s, const time_reading& time);

/** At most so long before its instant a run may be taken. */
inline constexpr microseconds longest_lead = std::chrono::seconds{10};

/** When something is due next. */
struct wake_up {
    instant at;
    /// How many jobs are due by their schedule then: their runs may be claimed before. 0 where it
    /// is for the backlog.
    std::size_t jobs = 0;
};

/** A run that is due. */
struct due_run {
    job_index job = 0;
    /// The run's name: the schedule's instant, and a microsecond more for each run that was named
    /// after that instant before.
    instant scheduled_at;
    /// The schedule's instant.
    instant occurrence;
    /// The instant and its jitter.
    instant due;
    /// Where the schedule has a rate, the ticks that the instant belongs to.
    grid ticks{};
    bool is_from_backlog = false;
    /// It makes up for a missed instant: it is more than a minute past its window.
    bool caught_up = false;
};

/** What is to be done since time has passed. */
struct due_work {
    /// Earliest first.
    std::vector<due_run> runs{};
    std::vector<std::pair<job_index, missed_part>> missed{};
    /// The jobs whose memory has changed, each once.
    std::vector<job_index> changed{};
};

/** What new jobs have changed. */
struct plan_change {
    std::vector<std::pair<job_index, missed_part>> missed{};
    std::vector<job_index> changed{};
    /// The backlog of removed jobs.
    std::vector<missed_record> dropped{};
    /// The names of removed jobs.
    std::vector<std::string> forgotten{};
};

/**
 * When each of some jobs is due next. Pure: its caller tells it the time, and it waits for nothing.
 *
 * It keeps each job's next instant, judges instants that passed, and hands out the runs that are
 * due. Its @ref backlog keeps what is to be caught up with.
 */
class timetable {
public:
    using job_predicate = std::function<bool(job_index)>;

    /**
     * Takes jobs in place of those before.
     *
     * A job of the same name and schedule continues as it was. A job that is new here continues
     * from what `memories` say of it, and what passed since is due. A job that is in neither is
     * seen for the first time: nothing that passed before counts. But where its ticks count from a
     * boot or start, the latest tick that has passed is due at once.
     */
    plan_change assign(
        std::shared_ptr<const job_set> jobs,
        const time_reading& time,
        std::vector<job_memory> memories = {});

    /** The current jobs; null before the first. */
    const std::shared_ptr<const job_set>& jobs() const noexcept { return jobs_; }

    /** When something is due next; `nullopt` if nothing is. */
    std::optional<wake_up> next_wake();

    /**
     * Takes what is due by `now`. Each job that is due moves on to its next instant after `now`.
     *
     * A clock that was set back comes to instants that were taken before. Points of time are not
     * judged again. A rhythm runs again, under new names. But an instant of a rhythm that a step
     * forward has passed over, and that was taken before, does not run again.
     *
     * A job has one run from its backlog at a time. The next one follows @ref release, and does not
     * start while `has_turn` says that another has its turn. A job cannot be claimed while
     * `is_held` says so: it waits for @ref release_held.
     */
    due_work take_due(
        instant now, const job_predicate& has_turn, const job_predicate& is_held = [](job_index) {
            return false;
        });

    /**
     * Judges what has passed of jobs that are held. The newest instant of each waits while it is
     * late, or always where its job catches up. The others join the backlog under `all`, or else
     * are missed because of the store.
     */
    due_work judge_held(instant now);

    /** Ends the hold of all jobs: the instants that waited are due. */
    void release_held(instant now, const job_predicate& has_turn);

    /**
     * Takes, before its time, what schedules make due at `at`, the next wake-up. Busy jobs are left
     * out, since how they are to be judged is not known before that instant.
     */
    due_work take_ahead(instant at, const job_predicate& is_busy);

    /** Takes what is due or late by `now`, and leaves missed instants as they are. The last
     * question before a timetable is dropped. */
    due_work take_late(instant now);

    /** Takes runs back that have not begun: they are due as before. Where a newer instant of the
     * job has been taken meanwhile, the older one counts as passed and does not run at once. */
    due_work put_back(const std::vector<due_run>& runs, instant now);

    /**
     * Gives a run another name, once, since the store has refused the name that it has. Returns
     * whether it did.
     *
     * Only a run of a rhythm gets one, and only where the clock was set back beyond its instant:
     * then an earlier run had the name. Otherwise a run of another process has it.
     */
    bool name_anew(due_run& r);

    /** A run from a job's backlog has ended: the next may follow. Returns whether one does. */
    bool release(job_index j, instant now);

    /** A paused job is not due, and what passes is not caught up with. Its backlog waits. */
    void pause(job_index j);
    void resume(job_index j, instant now);
    bool is_paused(job_index j) const { return j < entries_.size() && entries_[j].paused; }

    /**
     * The wall clock was set. Ticks of elapsed time move with it; all other instants are looked for
     * anew. Returns the jobs whose memory has changed.
     *
     * Instants that a step forward passes over are due at once. After a step back jobs continue
     * from the new time.
     */
    std::vector<job_index> clock_stepped(const time_reading& time, microseconds by);

    /** The job's next instant. */
    std::optional<instant> next_due(job_index j) const;

    /** The jitter of the job's next instant. */
    microseconds next_delay(job_index j) const;

    /** What a store should remember of a job that has a schedule. */
    job_memory memory_of(job_index j) const;

private:
    struct entry {
        schedule_cursor cursor{};
        bool paused = false;
        bool planned = false; // stands in the agenda, a paused job maybe in vain
    };

    class planner;

    const job& job_at(job_index j) const { return (*jobs_)[j]; }
    const schedule& schedule_at(job_index j) const { return schedule_of(job_at(j)); }
    void plan_all();
    void plan_next(job_index j);
    appointment appointment_for(job_index j) const;
    bool take(job_index j, const grid& ticks, instant at, instant now, due_work& out);
    void judge_due(job_index j, instant now, due_work& out);
    void judge_while_held(job_index j, instant now, due_work& out);
    void judge_before_used(job_index j, passed_span& passed, instant now, due_work& out);
    void judge_overtaken(job_index j, instant at, instant now, due_work& out);
    void
    defer(job_index j, const backlog_span& span, std::int64_t limit, instant now, due_work& out);
    void run_oldest(job_index j, instant now, due_work& out);

    std::shared_ptr<const job_set> jobs_;
    time_reading time_;                      // of the boot and the start
    instant passed_over_ = instant::min();   // a step forward passed over what was due until here
    instant set_back_from_ = instant::min(); // the latest time that the clock was set back from
    std::vector<entry> entries_;             // one for each job
    backlog backlog_;
    agenda agenda_;                      // of next instants
    std::unordered_set<job_index> held_; // due, and not in the agenda
};

} // namespace carillon::detail
