#pragma once

#include "runner/core/chains.hpp"
#include "runner/core/journal.hpp"
#include "runner/core/lifecycle.hpp"
#include "runner/core/live_plan.hpp"
#include "runner/core/work_count.hpp"
#include "runner/services/services.hpp"
#include "time/timer_slot.hpp"
#include <carillon/store/claim.hpp>

#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/**
 * Resumes the runs that an earlier process left open. The core hands them over when it has read the
 * store; a chain says when one that has waited may resume.
 */
class crashed_runs {
public:
    crashed_runs(
        std::shared_ptr<services> shared,
        std::shared_ptr<journal> journal,
        const lifecycle& life,
        live_plan& plan,
        chains& runs,
        const work_count& work)
        : shared_(std::move(shared)), journal_(std::move(journal)), life_(life), plan_(plan),
          chains_(runs), work_(work), retry_(shared_->time)
    {}

    /** Claims them, so that nobody else resumes them. From here on their chains are busy. */
    void recover(std::vector<open_run> crashed);

    /** Resumes a run that has a slot, but not before its instant: it may have been claimed ahead,
     * and the clock may have been set back since. */
    void resume(const std::shared_ptr<open_run>& open);

    /** Whether a run claimed by an earlier process waits for this instant, perhaps by its former
     * `scheduled_at`. */
    bool is_awaited(const std::string& chain, const due_run& d) const;

    /** What waits is left to the next start. */
    void stop();

private:
    /** One on its way to resuming. */
    struct candidate {
        open_run open;
        std::optional<reason> why_not{};
        bool waits = false; // for the end of another of its chain
    };

    /** One whose instant has not come. */
    struct early_run {
        early_run(time_source& time, std::shared_ptr<open_run> r) : open(std::move(r)), wait(time)
        {}

        std::shared_ptr<open_run> open;
        timer_slot wait;
    };
    using early_place = std::list<early_run>::iterator;

    std::vector<candidate> sort_out(std::vector<open_run> crashed) const;
    void
    recovered(std::vector<candidate>& all, const error_code& ec, const std::vector<claim>& answers);
    void take(candidate& c, std::int64_t fence);
    void give_up_slot(const candidate& c);
    void recover_later(std::vector<open_run> crashed);
    void end_interrupted(run_record run, reason why);
    void end_unbegun(const open_run& open, reason why);
    bool is_not_wanted(open_run& open, job_index first);
    void wait_until_due(early_place at);
    void is_due(const std::shared_ptr<open_run>& open);
    bool was_paused(const open_run& open) const;

    std::shared_ptr<services> shared_;
    std::shared_ptr<journal> journal_;
    const lifecycle& life_;
    live_plan& plan_;
    chains& chains_;
    const work_count& work_;
    timer_slot retry_; // until the store is asked again
    std::list<early_run> early_;
    // Claimed by an earlier process, and not due yet: by chain and instant.
    std::set<std::pair<std::string, instant>> awaited_;
};

} // namespace carillon::detail
