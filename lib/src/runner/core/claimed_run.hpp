#pragma once

#include "runner/plan/timetable.hpp"
#include "runner/slots/admission.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/store/claim.hpp>
#include <carillon/store/history.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace carillon::detail {

/** A run that is due, from the claim to its start. */
struct claimed_run {
    due_run due;
    admission how = admission::start;
    run_id id{};
    std::int64_t fence = 0;
    /// It makes up for missed instants, which have one run at a time.
    bool has_turn = false;
    /// It was claimed ahead, and is not to begin.
    bool is_taken_back = false;
    /// The store has its claim. False where it runs without one, since the store fails.
    bool has_claim = false;
};

/** One that is claimed, with the jobs that it belongs to. */
struct queued_run {
    std::shared_ptr<const job_set> jobs;
    claimed_run run;

    const job& first() const { return (*jobs)[run.due.job]; }
};

/** A run that waits for the end of another of its chain: a new one, or one that crashed. */
using waiting_run = std::variant<queued_run, std::shared_ptr<open_run>>;

/** How a claim goes back to the store. */
returned_claim return_of(const queued_run& run, returned_claim::kind what);

/** The same of a run that crashed, which the next start is to find again. */
returned_claim return_of(const open_run& run);

/** An instant that came to no run. */
missed_record missed_once(std::string chain, instant at, reason why);

/** Whether a run that waited for the store is too late to send. If it now counts as a catch-up run,
 * marks it so. */
bool is_past(const schedule& s, due_run& run, instant now);

} // namespace carillon::detail
