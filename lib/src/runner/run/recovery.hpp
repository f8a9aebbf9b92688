#pragma once

#include "runner/run/chain_walk.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/claim.hpp>

#include <cstddef>
#include <optional>
#include <vector>

// What happens to runs that a crash interrupted. All functions are pure. `crashed_runs`,
// `chain_run` and `on_demand` call them.

namespace carillon::detail {

/** Why a run that a crash interrupted is not resumed; nothing if it is resumed. */
std::optional<reason> why_interrupted(const open_run& crashed, const job_set& jobs, instant now);

/** Whether a run was due by its schedule, and not started by hand. */
bool is_by_schedule(run_trigger t) noexcept;

/** The walk of a run that starts with a job. */
chain_walk walk_of(const job_set& jobs, job_index first, run_trigger why);

/** Puts the records of a run's jobs in the order of its walk, one for each job. Records of jobs
 * that are not in the chain are left out. */
void align(std::vector<job_record>& jobs, const chain_walk& walk);

/**
 * Marks the jobs that were under way at a crash and may have been sent. Returns their positions.
 *
 * Each gets an interrupted attempt, of which is only known that it began after `begun`. A job that
 * is delivered at most once also ends as interrupted. `jobs` are those of the walk, which stands at
 * its beginning.
 */
std::vector<std::size_t>
mark_underway(std::vector<job_record>& jobs, chain_walk walk, instant begun);

/** Ends a run that a crash interrupted. Jobs that were under way are `interrupted`; records of jobs
 * that had not begun are removed. `jobs` may lack some of its jobs. */
void interrupt(run_record& run, const job_set& jobs, reason why, instant now);

} // namespace carillon::detail
