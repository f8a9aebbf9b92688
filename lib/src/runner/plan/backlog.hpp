#pragma once

#include "runner/plan/agenda.hpp"
#include "runner/plan/catch_up.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/store/job_memory.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace carillon::detail {

/** What one job still has to catch up with. */
struct job_backlog {
    /// Oldest first, never empty.
    std::vector<backlog_span> spans{};
    /// No run starts before.
    instant ready{};
    /// No run starts before @ref backlog::release either.
    bool waits = false;
};

/**
 * The instants that jobs still have to catch up with, and when the next run for them may start.
 * Pure. The timetable asks it.
 *
 * Each job with a backlog either has an appointment or waits for its release. So one run of a job
 * follows another. A run starts no earlier than 100 ms after the one before, so that a machine that
 * was away does not send everything at once, and no earlier than its instant's jitter allows.
 */
class backlog {
public:
    /** Takes jobs, and what they have to catch up with, in place of those before. */
    void
    assign(std::shared_ptr<const job_set> jobs, std::unordered_map<job_index, job_backlog> by_job);

    /** What a job has to catch up with; null where that is nothing. Valid until the next change. */
    const job_backlog* find(job_index j) const;

    /** When the next run may start; nothing if none may. */
    std::optional<instant> next_wake() { return agenda_.next_wake(); }

    /** The jobs whose next run may start by now. From now on each of them waits for its release,
     * whether @ref take_oldest is called for it or not. */
    std::vector<job_index> take_due(instant now);

    /** Takes the oldest instant of a job out, as a span of its own, since its run starts now.
     * Nothing if the job has none left. */
    std::optional<backlog_span> take_oldest(job_index j, instant now);

    /** Takes out what is older than the job's `catch_up_window` at `now`. Returns what is missed
     * so. */
    std::vector<missed_part> cut_to_window(job_index j, instant now);

    /** Adds instants of a job, of which at most `limit` stay, the newest. Returns what is missed
     * so. */
    std::vector<missed_part>
    add(job_index j, const backlog_span& span, std::int64_t limit, instant now);

    /** Adds an instant again whose run did not start: the job's next run may start now. */
    void put_back(job_index j, const grid& ticks, instant at, instant now);

    /** The job's next run may start. Returns whether it waited for that. */
    bool release(job_index j, instant now);

    /** The jobs that wait for their release. */
    std::vector<job_index> waiting() const;

    /**
     * The wall clock was set by `by`, to `now`.
     *
     * After a step back, instants of the wall clock that are later than `now` come again by
     * themselves and leave the backlog. Ticks of elapsed time do not come again: they stay, under
     * their names.
     */
    void clock_stepped(instant now, microseconds by);

private:
    void plan_all();
    void plan(job_index j, const job_backlog& b);

    std::shared_ptr<const job_set> jobs_;
    std::unordered_map<job_index, job_backlog> by_job_;
    agenda agenda_; // of the jobs that do not wait for their release
};

} // namespace carillon::detail
