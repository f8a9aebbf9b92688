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
    /** For which kind of run it is asked. */
    enum class kind {
        /// Won where nobody has claimed the occurrence before.
        fresh,
        /// One of @ref recollection::crashed: won by the first who asks for it.
        recovered,
        /// A run that has ended is retried: won where it is still known, and nobody else retries
        /// it.
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

/** A claim that is given back by the process that has won it. */
struct returned_claim {
    /** Why it is given back. */
    enum class kind {
        /// It is forgotten, as though nobody had asked for it.
        withdrawn,
        /// Nothing of its run has begun: the next @ref store::async_load finds it among those that
        /// crashed.
        unbegun,
        /// The same of a run that may have begun in an earlier process.
        begun,
    };

    std::string chain;
    instant scheduled_at;
    run_id run{};
    kind what = kind::withdrawn;
};

/** What one wake-up brings, to be written in one commit. */
struct store_changes {
    /// Comes before all else, so that what was given back can be claimed anew.
    std::vector<returned_claim> returned{};
    std::vector<claim_request> claims{};
    std::vector<missed_record> missed{};
    /// In place of what was remembered of these jobs.
    std::vector<job_memory> memories{};
    /// Jobs that were removed.
    std::vector<std::string> forgotten{};

    /** Whether there is nothing to write. */
    bool empty() const noexcept
    {
        return returned.empty() && claims.empty() && missed.empty() && memories.empty() &&
               forgotten.empty();
    }
};

/** A run that is claimed and has not ended. */
struct open_run {
    /// With its jobs as far as @ref store::async_save_progress was told of them.
    run_record run;
    instant due{};
    bool recovers = true;
    /// Whether something of it may have been sent: not where it was given back before.
    bool may_have_begun = true;
};

/** What is left of earlier times at a start. */
struct recollection {
    /// In any order.
    std::vector<job_memory> memories{};
    /// Open runs whose owner is gone, those with the earliest claim first.
    std::vector<open_run> crashed{};
};

} // namespace carillon
