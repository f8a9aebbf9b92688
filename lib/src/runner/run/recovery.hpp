#pragma once

#include "runner/run/chain_walk.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/claim.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace carillon::detail {

/** Why a run that was cut off is not taken up again; nothing where it is. Pure, like all here. */
std::optional<reason> why_interrupted(const open_run& cut_off, const job_set& plan, instant now);

/** Whether a run was due by its schedule, and not asked for. */
bool is_by_schedule(run_trigger t) noexcept;

/** The walk of a run that starts with a job. */
chain_walk walk_of(const job_set& plan, job_index first, run_trigger why);

/** Puts the records of a run's jobs in the order of its walk, one for each; those that the chain
 * has no more are left out. */
void align(std::vector<job_record>& jobs, const chain_walk& walk);

/**
 * Marks the jobs that were under way when their run was cut off, and may have been sent: each has
 * made another attempt, of which nothing is known but that it began after `begun`, and one that is
 * delivered at most once is interrupted. Their positions.
 *
 * `jobs` are those of the walk, which stands at its beginning.
 */
std::vector<std::size_t>
mark_underway(std::vector<job_record>& jobs, chain_walk walk, instant begun);

/** Ends a run that was cut off: what was under way is `interrupted`, and of what had not begun no
 * record is left. `plan` may not have its jobs any more. */
void interrupt(run_record& run, const job_set& plan, reason why, instant now);

} // namespace carillon::detail
