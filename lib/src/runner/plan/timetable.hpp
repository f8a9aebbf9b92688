#pragma once

#include "runner/plan/agenda.hpp"
#include "runner/plan/catch_up.hpp"
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
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace carillon::detail {

/** The clocks as the timetable needs them. */
struct time_reading {
    instant now;
    /// Wall times of the boot and of carillon's start.
    time_origins origins;
    boost::uuids::uuid boot_id{};
    /// The start of carillon in time since boot.
    microseconds start{0};
};

/** What a schedule's ticks count from, in time since boot. */
microseconds origin_of(const schedule& s, const time_reading& time);

/** What is due may be taken so long before its instant, not longer. */
inline constexpr microseconds longest_lead = std::chrono::seconds{10};

/** When something is due next. */
struct wake_up {
    instant at;
    /// How many jobs are due by their schedule then, whose claims may be asked for before; 0 where
    /// it is for what is owed.
    std::size_t jobs = 0;
};

/** A run that is due. */
struct due_run {
    job_index job = 0;
    /// The name of its run: the schedule's instant, and a microsecond more for each run that has
    /// had that name before.
    instant scheduled_at;
    /// The schedule's instant.
    instant occurrence;
    /// The instant and its jitter: from here on it is late.
    instant due;
    /// Where the schedule has a rate, the ticks that the instant is of.
    grid ticks{};
    bool was_owed = false;
    /// More than a minute beyond its window: it makes up for a missed instant.
    bool caught_up = false;
};

/** What comes of the time that passed. */
struct due_work {
    /// Earliest first.
    std::vector<due_run> runs{};
    std::vector<std::pair<job_index, missed_part>> missed{};
    /// Jobs whose memory has changed by it; each once.
    std::vector<job_index> changed{};
};

/** What comes of a new plan. */
struct plan_change {
    std::vector<std::pair<job_index, missed_part>> missed{};
    std::vector<job_index> changed{};
    /// What jobs that are no more still owed.
    std::vector<missed_record> dropped{};
    /// Jobs that are no more.
    std::vector<std::string> forgotten{};
};

/**
 * When each job of a plan fires next, and what it owes. Pure: it is told the time and waits for
 * nothing.
 */
class timetable {
public:
    using job_predicate = std::function<bool(job_index)>;

    /**
     * Takes a plan, in place of the one before.
     *
     * A job that keeps its name and schedule goes on as it was; one that is new here goes on as
     * `memories` say, and what passed since is due. A job that neither knows is seen for the first
     * time and owes nothing, but where its ticks count from a boot or start and the first has
     * passed, the latest is due at once.
     */
    plan_change assign(
        std::shared_ptr<const job_set> plan,
        const time_reading& time,
        std::vector<job_memory> memories = {});

    /** The plan that it has taken; null before the first. */
    const std::shared_ptr<const job_set>& plan() const noexcept { return plan_; }

    /** When to wake next; nothing where nothing will be due. */
    std::optional<wake_up> next_wake();

    /**
     * What is due by now. Each of these jobs moves on to its next instant after `now`.
     *
     * A clock that was set back comes to instants that have been taken before. Points of time are
     * not judged again; a rhythm goes on under other names, but what only a step forward has come
     * to once more does not run again.
     *
     * Of what a job owes one run comes at a time, and none while the one before has its turn; the
     * next one after @ref release. Jobs for which `is_held` says so, since they cannot be claimed,
     * wait for @ref release_held.
     */
    due_work take_due(
        instant now, const job_predicate& has_turn, const job_predicate& is_held = [](job_index) {
            return false;
        });

    /**
     * What has passed of jobs that were held: of the instants of each the newest waits as long as
     * it can be late, or its job catches up; the others are owed, or missed because of the store.
     */
    due_work judge_held(instant now);

    /** Jobs that were held are held no more: what waits is due. */
    void release_held(instant now, const job_predicate& has_turn);

    /**
     * What will be due at `at`, the next wake-up, by schedules of jobs that are not busy; they move
     * on. What becomes of the others is not known before that instant.
     */
    due_work take_ahead(instant at, const job_predicate& is_busy);

    /** What is due, or late, by now and nothing else: missed instants stay as they are. For the
     * last question before a timetable is given up. */
    due_work take_late(instant now);

    /** Takes runs back that were taken and have not begun: they are due as before. One that a newer
     * instant has overtaken meanwhile is judged as what has passed; no run comes at once. */
    due_work put_back(const std::vector<due_run>& runs, instant now);

    /**
     * Gives a run another name, whose own is refused though it is not known here to be used: of a
     * rhythm, where the clock was set back beyond it, once. Whether it does. Elsewhere the name is
     * that of another process's run.
     */
    bool name_anew(due_run& r);

    /** A run of what a job owes has ended: the next may follow. Whether there is such a thing. */
    bool release(job_index j, instant now);

    /** A paused job is not due, and instants that pass are not owed; what it owes waits. */
    void pause(job_index j);
    void resume(job_index j, instant now);
    bool is_paused(job_index j) const { return j < entries_.size() && entries_[j].paused; }

    /**
     * The wall clock was set: ticks that follow elapsed time move with it, all others are looked
     * for anew. Returns the jobs whose memory has changed by it.
     *
     * Instants that a step forward passes over are due at once; after a step back jobs go on from
     * the new time.
     */
    std::vector<job_index> clock_stepped(const time_reading& time, microseconds by);

    /** The job's next instant. */
    std::optional<instant> next_due(job_index j) const;

    /** How much later than its next instant it is due: its jitter. */
    microseconds next_delay(job_index j) const;

    /** What a store should remember of a job that has a schedule. */
    job_memory memory_of(job_index j) const;

private:
    struct entry {
        grid ticks{};
        instant next = never;
        /// The last that was taken, perhaps ahead: whoever is planned anew goes on from there.
        instant taken = instant::min();
        std::vector<used_span> used{}; // oldest first
        bool paused = false;
        bool planned = false; // stands in the agenda, a paused job maybe in vain
    };

    struct debt {
        std::vector<owed_span> spans{}; // oldest first, never empty
        instant ready{};
        bool waits = false; // for its release
    };

    class planner;

    static constexpr instant never = instant::max();

    const schedule& schedule_of(job_index j) const;
    void plan_all();
    void plan_next(job_index j);
    void plan_debt(job_index j);
    appointment appointment_for(job_index j) const;
    instant due_time(job_index j, const grid& ticks, instant at) const;
    instant newest_due(job_index j, instant now) const;
    static std::optional<instant> next_open(const schedule& s, const entry& e, instant t);
    static std::optional<instant> last_open(const schedule& s, const entry& e, instant t);
    bool take(job_index j, const grid& ticks, instant at, instant now, due_work& out);
    instant judge_before_used(job_index j, passed_span passed, instant now, due_work& out);
    void pass(job_index j, instant now, due_work& out);
    void wait_held(job_index j, instant now, due_work& out);
    void owe_again(job_index j, const grid& ticks, instant at, instant now);
    void overtake(job_index j, instant at, instant now, due_work& out);
    void owe(job_index j, const owed_span& span, std::int64_t limit, instant now, due_work& out);
    void pay(job_index j, instant now, due_work& out);
    void move_ticks(entry& e, const schedule& s, const time_reading& time, bool fires);
    void set_debts_back();

    std::shared_ptr<const job_set> plan_;
    time_reading time_;                      // of the boot and the start
    instant passed_over_ = instant::min();   // a step forward passed over what was due until here
    instant set_back_from_ = instant::min(); // the latest time that the clock was set back from
    std::vector<entry> entries_;             // one for each job of the plan
    std::unordered_map<job_index, debt> debts_;
    agenda agenda_;
    agenda payments_;                    // when what is owed may go on
    std::unordered_set<job_index> held_; // due, and not in the agenda
};

} // namespace carillon::detail
