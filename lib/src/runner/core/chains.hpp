#pragma once

#include "runner/core/claimed_run.hpp"
#include "runner/core/journal.hpp"
#include "runner/core/lifecycle.hpp"
#include "runner/core/work_count.hpp"
#include "runner/run/chain_run.hpp"
#include "runner/services/services.hpp"
#include "runner/slots/chain_slots.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace carillon::detail {

/**
 * The chains of which a run is under way, waits, or is about to: starts their runs, and at the end
 * of one starts what waits for it. Called by whatever brings a run: claims, a crash, or someone who
 * asks for one.
 */
class chains {
public:
    using slots_type = chain_slots<waiting_run>;

    /** How a run begins. A claimed run is recorded even if it is cancelled at once. */
    enum class start { normal, cancelled, at_shutdown };

    /** What the owner is called for. */
    struct calls {
        /// A run that crashed may resume: no other of its chain is in its way.
        std::function<void(const std::shared_ptr<open_run>&)> resume{};
        /// The chain has no catch-up run left: the next missed instant may run.
        std::function<void(const std::string& chain)> on_turn_over{};
    };

    chains(
        std::shared_ptr<services> shared,
        std::shared_ptr<journal> journal,
        const lifecycle& life,
        const work_count& work)
        : shared_(std::move(shared)), journal_(std::move(journal)), life_(life), work_(work)
    {}

    void serve(calls to) { calls_ = std::move(to); }

    /** How many runs are under way. */
    std::size_t running() const noexcept { return runs_.size(); }

    /** The slots of a chain, for an offer. */
    slots_type& slots_of(const std::string& chain) { return chains_[chain].slots; }

    /** Whether a run of the chain is under way, waits, or is about to. */
    bool is_busy(const std::string& chain) const { return chains_.contains(chain); }

    /** Whether a run that makes up for a missed instant has not ended. */
    bool has_turn(const std::string& chain) const;

    /** A run that was offered is claimed: it starts, waits for the end of another, or comes to
     * nothing at a stop. */
    void enter(const queued_run& run);

    /** A run that was offered and claimed does not begin, since firing has stopped. */
    void refuse(const queued_run& run);

    /** An offered run will not run: frees its slot. */
    void release(const queued_run& run);

    /** The same of a run that was to start, or to wait, by its chain alone. */
    void leave_slot(const std::string& chain);
    void leave_line(const std::string& chain);

    /** A run that has a slot, and begins. */
    struct new_run {
        std::shared_ptr<const job_set> jobs;
        job_index first = 0;
        run_record record; // as it begins
        chain_run::beginning from = chain_run::beginning::fresh;
        start how = start::normal;
        /// It makes up for missed instants.
        bool has_turn = false;
        /// Is told of its end before the next one starts.
        std::function<void(const chain_run&)> on_end{};
    };

    std::shared_ptr<chain_run> start_run(new_run r);

    /** Records a claimed run that is not sent, and tells of it. */
    void record_skipped(const queued_run& run, reason why, int in_a_row = 1);

    /** How runs begin now. */
    start how_runs_begin() const
    {
        const bool is_late = life_.is_cancelling() || life_.is_abandoned();
        return is_late ? start::at_shutdown : start::normal;
    }

    /** A fence that no store has given, greater than all that are known. */
    std::int64_t own_fence();
    void saw_fence(std::int64_t fence) noexcept { fence_ = std::max(fence_, fence); }

    /** Cancels a run that is under way or waits. Whether there is one. */
    bool cancel(run_id id);

    /** Cancels all that are under way. */
    void cancel_all();

    /** Ends all waits: runs are left to the next start, or skipped if the store is not durable. */
    void stop();

private:
    struct busy_chain {
        slots_type slots{};
        std::vector<chain_run*> going{}; // they are in runs_, too
        std::int64_t fence = 0;          // of the last that has begun
    };

    bool leaves_open() const { return life_.is_draining() && shared_->store.is_durable(); }
    void leave_unbegun(const queued_run& run);
    void leave_or_skip(const queued_run& run);
    void stand_in_line(const queued_run& next);
    void tell_displaced(const queued_run& older, int skipped_in_a_row);
    static void cancel_going(const busy_chain& chain);
    void start_due(const queued_run& run, start how);
    void run_ended(const std::shared_ptr<chain_run>& run, bool had_turn);
    void end_turn(const std::string& chain);
    void leave_waiting(const waiting_run& w);
    void forget_if_idle(const std::string& chain);

    std::shared_ptr<services> shared_;
    std::shared_ptr<journal> journal_;
    const lifecycle& life_;
    const work_count& work_;
    calls calls_;
    std::unordered_map<std::string, busy_chain> chains_;
    std::uint64_t last_number_ = 0; // of a run that was started
    // In the order of their start. Weak: the coroutines own the run, and its end handler owns the
    // runner, so destroying the coroutines destroys both.
    std::map<std::uint64_t, std::weak_ptr<chain_run>> runs_;
    std::int64_t fence_ = 0; // the greatest that is known
};

} // namespace carillon::detail
