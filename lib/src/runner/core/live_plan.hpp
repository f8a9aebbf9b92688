#pragma once

#include "runner/core/journal.hpp"
#include "runner/plan/timetable.hpp"
#include "runner/services/services.hpp"
#include <carillon/job/job_set.hpp>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/**
 * The jobs as they are now, with their timetable. It tells the journal and the listeners what was
 * decided about their instants. Used by the core and by the parts that bring or take runs.
 */
class live_plan {
public:
    live_plan(std::shared_ptr<services> shared, std::shared_ptr<journal> journal)
        : shared_(std::move(shared)), journal_(std::move(journal))
    {}

    const std::shared_ptr<const job_set>& jobs() const noexcept { return jobs_; }
    timetable& times() noexcept { return times_; }
    const timetable& times() const noexcept { return times_; }

    /** The runner starts: ticks that count from its start do so from now on. */
    void start();

    /** Other jobs, which @ref assign plans. */
    void set(job_set jobs) { jobs_ = std::make_shared<const job_set>(std::move(jobs)); }

    /** Nothing is planned any more. */
    void clear() { times_ = {}; }

    /** Plans the jobs, which go on as they were, or as a store remembers them. */
    void assign(std::vector<job_memory> memories = {});

    /** Plans anew, as the clock has been set; see @ref timetable::clock_stepped. */
    void step(microseconds by);

    /** Writes down, and tells, what comes to no run. */
    void settle(const due_work& work);

    /** The store changes for it, for a caller that adds more to the commit. */
    store_changes changes_of(const due_work& work) const;

    /** What a store is to remember of jobs. */
    std::vector<job_memory> memories_of(const std::vector<job_index>& jobs) const;

    /** The same of all that have these names; those that are scheduled no more are to be forgotten.
     */
    store_changes recall(const std::set<std::string>& names) const;

    /** Writes down what a job's state is by now. */
    void remember(job_index j) { journal_->write({.memories = memories_of({j})}); }

    void tell_missed(
        const job_set& jobs, const std::vector<std::pair<job_index, missed_part>>& missed) const;

private:
    time_reading read_time() const;
    std::vector<missed_record>
    records_of(const std::vector<std::pair<job_index, missed_part>>& missed) const;

    std::shared_ptr<services> shared_;
    std::shared_ptr<journal> journal_;
    std::shared_ptr<const job_set> jobs_ = std::make_shared<job_set>();
    timetable times_;
    bool has_started_ = false;
    microseconds start_{0}; // in time since boot
};

} // namespace carillon::detail
