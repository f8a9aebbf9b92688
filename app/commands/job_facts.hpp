#pragma once

#include <carillon/job/job.hpp>
#include <carillon/job/job_state.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/history.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace carillon::app {

using shared_run = std::shared_ptr<const run_record>;

/** Whether it stands for an instant of its chain's schedule. */
bool is_by_schedule(const run_record& r);

/** How a job went in a run, and when that was. */
struct job_end {
    carillon::outcome outcome;
    instant at;
    microseconds length;
};

/** Of a run that has ended, or was interrupted. */
job_end end_of(const run_record& run, std::string_view job);

/** What the history tells of a job. */
struct job_history {
    /// The last runs in which it took part, newest first.
    const std::vector<shared_run>& recent;
    /// All of them, for a job that was skipped in each of the recent ones.
    std::function<std::vector<shared_run>()> all;
    /// The newest entries of the chain that it begins, newest first.
    const std::vector<history_entry>& own;
};

/** What a job's state follows from. */
job_facts facts_of(const job& j, bool is_paused, const job_history& known);

} // namespace carillon::app
