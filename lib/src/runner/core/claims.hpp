#pragma once

#include "runner/core/chains.hpp"
#include "runner/core/journal.hpp"
#include "runner/core/lifecycle.hpp"
#include "runner/core/live_plan.hpp"
#include "runner/core/work_count.hpp"
#include "runner/services/services.hpp"
#include "time/timer_slot.hpp"
#include <carillon/runner/on_store_error.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/**
 * Takes due instants from the timetable, claims them in the store, and hands the runs that were won
 * to their chains. Called by the core at each wake-up, and before a change that must come before
 * what is claimed ahead.
 *
 * The next instant is claimed a moment before it is due, so that a slow disk does not delay its
 * run. Until then the claim can be taken back.
 */
class claims {
public:
    /** What the owner is called for. */
    struct calls {
        /// The timetable has changed: the next wake-up may be another one.
        std::function<void()> arm{};
        /// An instant has come: the clock may have been set meanwhile.
        std::function<void()> look_for_step{};
        /// Whether an earlier process has claimed the instant.
        std::function<bool(const std::string& chain, const due_run&)> is_awaited{};
    };

    /** What was taken back holds its slots until @ref release, which also tells of what comes to no
     * run. */
    struct taken_back {
        std::vector<queued_run> runs{};
        std::shared_ptr<const job_set> jobs{};
        std::vector<std::pair<job_index, missed_part>> missed{}; // of these jobs
        std::vector<missed_record> lost{};                       // of jobs that were replaced
    };

    claims(
        std::shared_ptr<services> shared,
        std::shared_ptr<journal> journal,
        const lifecycle& life,
        live_plan& plan,
        chains& runs,
        work_count& work,
        on_store_error what)
        : shared_(std::move(shared)), journal_(std::move(journal)), life_(life), plan_(plan),
          chains_(runs), work_(work), on_store_error_(what)
    {}

    void serve(calls to) { calls_ = std::move(to); }
    void set_on_store_error(on_store_error what) { on_store_error_ = what; }

    /** Firing has stopped: what is claimed and not due is left to the next start. */
    void stop();

    /** The timetable is new: nothing is claimed ahead yet. */
    void restart() { ahead_until_ = instant::min(); }

    /** Claims what is due by now. */
    void fire_due();

    /** Claims what is due in a moment. */
    void fire_ahead();

    /** When to claim what is due at the next wake-up. */
    instant claims_from(const wake_up& next) const;

    /** At a stop without a durable store: due runs are skipped. */
    void skip_due();

    /** The store still fails: held instants that are too old are missed, or join the backlog. */
    void judge_held();

    /** The store works again: held runs are due. */
    void release_held();

    /** Begins what was claimed ahead and whose instant has come. Where the machine has slept beyond
     * it, it is taken back, and judged with what else has passed. */
    void settle_holds() { settle_holds(shared_->time.now()); }

    /** Takes back what has been claimed ahead and is not due yet, of one chain or of all. */
    void take_back_ahead(std::optional<std::string_view> chain = {});

    /** The clock was set: takes back all that is held, since instants are looked for anew. */
    taken_back take_back_for_step();

    /** Gives up the slots of what was taken back. */
    void release(const taken_back& what);

    /** Whether a run is sent though it could not be claimed. */
    bool may_run_unclaimed(const job_set& jobs, job_index first) const;

private:
    /** What is due at one wake-up, on its way to the runs. */
    struct batch {
        batch(time_source& time, std::shared_ptr<const job_set> p, instant when = instant::min())
            : jobs(std::move(p)), at(when), hold(time)
        {}

        std::shared_ptr<const job_set> jobs;
        std::vector<claimed_run> runs{};
        /// Nothing starts before; the past where they are due already.
        instant at;
        bool is_claimed = false; // the store has answered
        bool has_begun = false;
        timer_slot hold; // until that instant
    };
    using batch_ptr = std::shared_ptr<batch>;

    /** What comes to no run at an offer, and what is told of it. */
    struct refusals {
        std::vector<missed_record> records{};
        std::vector<event> told{};
    };

    batch_ptr make_batch(instant at = instant::min()) const;
    void fire(batch_ptr b, const due_work& work);
    refusals admit(const std::vector<due_run>& due, batch& into);
    void claim(batch_ptr b, store_changes asked = {});
    void
    claimed(const batch_ptr& b, const error_code& ec, const std::vector<carillon::claim>& answers);
    void claim_anew(batch_ptr b);
    bool has_turn(job_index j) const;
    bool is_held(job_index j) const;
    void settle_holds(instant now);
    void start_when_due(const batch_ptr& b);
    void refuse(const batch_ptr& b);
    void begin(const batch_ptr& b);
    void start_some(batch_ptr b, std::size_t from);
    void put_back_unclaimed(const batch& b, const std::vector<claimed_run>& runs);
    void tell_lost(const std::vector<missed_record>& lost) const;
    std::optional<due_run> in_current_jobs(const job_set& jobs, due_run due) const;
    void put_back(const std::vector<due_run>& due);
    void move_to_backlog(job_memory& m, const due_run& r) const;
    void forget(const batch& b);
    taken_back
    take_back(const std::vector<batch_ptr>& batches, std::optional<std::string_view> chain);
    static bool is_all_taken_back(const batch& b);

    std::shared_ptr<services> shared_;
    std::shared_ptr<journal> journal_;
    const lifecycle& life_;
    live_plan& plan_;
    chains& chains_;
    work_count& work_;
    calls calls_;
    on_store_error on_store_error_;
    std::vector<batch_ptr> ahead_;         // claimed before they are due, and not begun
    instant ahead_until_ = instant::min(); // what could be claimed ahead has been
};

} // namespace carillon::detail
