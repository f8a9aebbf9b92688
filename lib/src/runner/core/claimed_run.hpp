#pragma once

#include "runner/plan/timetable.hpp"
#include "runner/slots/admission.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/store/claim.hpp>

#include <cstdint>
#include <memory>
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
    /// The store knows of it: not where it goes without.
    bool has_claim = false;
};

/** One that is claimed, and waits for the end of another of its chain. */
struct queued_run {
    std::shared_ptr<const job_set> plan;
    claimed_run run;
};

/** The same, or one of an earlier process. */
using waiting_run = std::variant<queued_run, std::shared_ptr<open_run>>;

} // namespace carillon::detail
