#pragma once

#include <carillon/job/run.hpp>
#include <carillon/store/history.hpp>
#include <carillon/store/job_memory.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carillon {

/** An occurrence that someone wants to run: its identity is (chain, instant). */
struct claim_request {
    enum class kind {
        /// Won where nobody has claimed the occurrence before.
        fresh,
        /// One of @ref recollection::cut_off: won by the first who asks for it.
        recovered,
        /// A run that has ended is taken up again: won where it is still known and nobody else does
        /// so.
        retried,
    };

    std::string chain;
    instant scheduled_at;
    run_id run{};
    run_trigger trigger = run_trigger::schedule;
    /// Before this instant nothing is sent.
    instant due{};
    /// Whether the next start sends it when this process is gone; else it is then interrupted.
    bool recovers = true;
    kind what = kind::fresh;
};

/** The answer to one request of a batch. */
struct claim {
    /// False where the occurrence had been claimed before: it is not to be run again.
    bool won = false;
    /// Greater than every fence given for the chain before.
    std::int64_t fence = 0;
};

/** What comes of one wake-up, to be kept in one commit. */
struct claim_batch {
    std::vector<claim_request> claims{};
    std::vector<missed_record> missed{};
    /// In place of what was remembered of these jobs.
    std::vector<job_memory> memories{};
    /// Jobs that are no more.
    std::vector<std::string> forgotten{};

    bool empty() const noexcept
    {
        return claims.empty() && missed.empty() && memories.empty() && forgotten.empty();
    }
};

/** A run that is claimed and has not ended. */
struct open_run {
    /// With its jobs as far as @ref store::async_save was told of them.
    run_record run;
    instant due{};
    bool recovers = true;
    /// Whether the process that claimed it is still there.
    bool is_owned = false;
};

/** What is left of earlier times at a start. */
struct recollection {
    /// In any order.
    std::vector<job_memory> memories{};
    /// Open runs whose owner is gone, those with the earliest claim first.
    std::vector<open_run> cut_off{};
};

} // namespace carillon
