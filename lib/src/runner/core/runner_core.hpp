#pragma once

#include "runner/core/claimed_run.hpp"
#include "runner/core/journal.hpp"
#include "runner/plan/timetable.hpp"
#include "runner/run/chain_run.hpp"
#include "runner/slots/chain_slots.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/runner/runner.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

/** Everything of a runner but its interface. Shared with handlers of operations that
 * may complete after the runner's end. */
class runner_core : public std::enable_shared_from_this<runner_core> {
public:
    using executor_type = runner::executor_type;
    using plain_handler = boost::asio::any_completion_handler<void(error_code)>;
    using trigger_handler = boost::asio::any_completion_handler<void(error_code, run_record)>;

    static std::shared_ptr<runner_core> make(services s, const runner_options& options);

    runner_core(services s, const runner_options& options);

    subscription on_event(event_handler listener)
    {
        return shared_->listeners->add(std::move(listener));
    }
    executor_type get_executor() const noexcept { return shared_->executor; }
    std::shared_ptr<const job_set> jobs() const { return plan_; }
    std::size_t running() const { return runs_.size(); }

    void set_jobs(job_set jobs);
    std::optional<instant> next_due(std::string_view name) const;
    std::optional<instant> next_wake();
    void set_max_concurrent(std::size_t max);
    void set_max_per_origin(std::size_t max);
    void set_on_store_error(carillon::on_store_error what) { on_store_error_ = what; }
    boost::system::result<void> pause(std::string_view name);
    boost::system::result<void> resume(std::string_view name);
    bool is_paused(std::string_view name) const;
    boost::system::result<void> cancel(run_id id);

    void run(plain_handler handler);
    void drain(plain_handler handler);
    void trigger(const std::string& name, trigger_handler handler);
    void retry(run_id id, trigger_handler handler);
    void abandon();
    bool is_abandoned() const noexcept { return is_abandoned_; }

private:
    using run_operation = pending<void(error_code)>;
    using trigger_operation = pending<void(error_code, run_record)>;

    /// Where the name of a run by hand is taken, so many microseconds after it are tried.
    static constexpr int other_names = 100;

    /// A smaller difference between the clocks is no step: schedules keep their names.
    static constexpr microseconds step_limit = std::chrono::seconds{1};

    /** What is due at one wake-up, on its way to the runs. */
    struct due_batch {
        std::shared_ptr<const job_set> plan;
        std::vector<claimed_run> runs{};
        /// Nothing starts before; the past where they are due already.
        instant at = instant::min();
        bool is_claimed = false; // the store has answered
        bool has_begun = false;
        boost::asio::cancellation_signal hold{}; // until that instant
    };

    /** An operation that ends when the last run has. */
    struct ending {
        run_operation operation;
        bool cancelled = false;
        error_code error{}; // why it ended by itself
    };

    /** A run that someone asked for, from the asking to its end. */
    struct manual_run {
        explicit manual_run(trigger_operation o) : operation(std::move(o)) {}

        void cancel()
        {
            cancelled = true;
            if (auto r = run.lock()) r->cancel();
        }

        trigger_operation operation;
        std::shared_ptr<const job_set> plan;
        job_index first = 0;
        chain_run::beginning from = chain_run::beginning::fresh;
        run_record record; // as it begins
        std::weak_ptr<chain_run> run;
        bool cancelled = false;
    };

    /** A run that an earlier process left open, on its way to going on. */
    struct cut_off_run {
        open_run open;
        std::optional<reason> why_not{};
        bool waits = false; // for the end of another of its chain
    };

    /** A chain while at least one run of it goes. */
    struct chain_state {
        chain_slots<waiting_run> slots{};
        std::vector<chain_run*> going{}; // they are in runs_, too
        std::int64_t fence = 0;          // of the last that has begun
    };

    /** What becomes of a run that starts: one that has been claimed is recorded, also where it
     * starts only to end. */
    enum class fate { goes, cancelled, shut_down };

    time_reading read_time() const;
    enum class on_cancel { stop_firing, cancel_runs };
    std::shared_ptr<ending> make_ending(plain_handler handler, on_cancel mild);

    boost::system::result<job_index> find_scheduled(std::string_view name) const;
    bool is_firing() const { return run_ && loaded_ && !draining_; }
    void load();
    void loaded(const error_code& ec, recollection found);
    void take_plan(std::vector<job_memory> memories);
    void arm();
    void arm_without_timer();
    void on_wake(const error_code& ec);
    bool look_for_step();
    void fire_due();
    bool is_held(job_index j) const;
    void judge_held();
    void release_held();
    void keep_work(const due_work& work);
    void put_back_unclaimed(const due_batch& batch, std::vector<claimed_run> runs);
    void put_back(const std::vector<due_run>& due);
    void owe_instead(job_memory& m, const due_run& r) const;
    instant claims_from(const wake_up& next) const;
    void fire_ahead();
    void fire(std::shared_ptr<due_batch> batch, const due_work& work);
    bool is_awaited(const std::string& chain, const due_run& d) const;
    void skip_due();
    bool is_busy(job_index j) const;
    bool has_turn(job_index j) const;
    void admit_due(
        const std::vector<due_run>& due,
        due_batch& batch,
        claim_batch& asked,
        std::vector<event>& told);
    static returned_claim
    give_back_of(const job& first, const claimed_run& r, returned_claim::kind what);
    using places = std::vector<std::pair<std::shared_ptr<const job_set>, claimed_run>>;
    static bool is_all_taken_back(const due_batch& batch);
    void begin(const std::shared_ptr<due_batch>& batch);
    void settle_holds();
    std::vector<std::shared_ptr<due_batch>> batches_ahead() const;
    void take_back_ahead(std::optional<std::string_view> chain);
    places take_back_coming(std::optional<std::string_view> chain);
    places take_back(
        const std::vector<std::shared_ptr<due_batch>>& batches,
        std::optional<std::string_view> chain);
    void give_up_places(const places& which);
    claim_batch recall(const std::set<std::string>& names) const;
    std::vector<job_memory> memories_of(const std::vector<job_index>& jobs) const;
    std::vector<missed_record>
    records_of(const std::vector<std::pair<job_index, missed_part>>& missed) const;
    void tell_missed(
        const job_set& plan, const std::vector<std::pair<job_index, missed_part>>& missed) const;
    void claim(std::shared_ptr<due_batch> batch, claim_batch asked = {});
    void claimed(
        const std::shared_ptr<due_batch>& batch,
        const error_code& ec,
        const std::vector<carillon::claim>& claims);
    void claim_anew(std::shared_ptr<due_batch> batch);
    bool goes_without_store(const job_set& plan, job_index first) const;
    std::int64_t own_fence();
    bool is_past(const job& first, due_run& run) const;
    void give_up(const job_set& plan, const claimed_run& run);
    void start_when_due(const std::shared_ptr<due_batch>& batch);
    static run_record record_of(const job_set& plan, const claimed_run& run);
    bool leaves_open() const { return draining_ && shared_->store.is_durable(); }
    void leave_open(const std::shared_ptr<const job_set>& plan, const claimed_run& run);
    void leave_unbegun(const std::shared_ptr<const job_set>& plan, const claimed_run& run);
    void leave_open(const open_run& open);
    void start_some(std::shared_ptr<due_batch> batch, std::size_t from);
    void enter(const std::shared_ptr<const job_set>& plan, const claimed_run& run);
    void stand_in_line(const queued_run& next);
    void tell_displaced(const queued_run& older, int skipped_in_a_row);
    static void cancel_all(const chain_state& chain);
    fate fate_of_starts() const { return cancelling_ ? fate::shut_down : fate::goes; }
    void start_due(const std::shared_ptr<const job_set>& plan, const claimed_run& run, fate what);
    void settle_unsent(const queued_run& run, reason why, int in_a_row = 1);
    void recover(std::vector<open_run> cut_off);
    void recovered(
        const std::shared_ptr<std::vector<cut_off_run>>& cut_off,
        const error_code& ec,
        const std::vector<carillon::claim>& claims);
    std::vector<cut_off_run> sort_out(std::vector<open_run> cut_off) const;
    void recover_later(std::vector<open_run> cut_off);
    void end_interrupted(run_record run, reason why);
    void end_unbegun(const open_run& open, reason why);
    std::shared_ptr<boost::asio::cancellation_signal> add_recovery_wait();
    void go_on_when_due(const std::shared_ptr<open_run>& open);
    void wait_until_due(const std::shared_ptr<open_run>& open);
    void enter_again(const std::shared_ptr<open_run>& open);
    bool is_not_wanted(open_run& open, job_index first);
    bool was_paused(const open_run& open) const;
    std::shared_ptr<manual_run> make_manual(trigger_handler handler);
    void retry_found(
        const std::shared_ptr<manual_run>& asked,
        const error_code& ec,
        std::optional<run_record> found);
    void claim_manual(std::shared_ptr<manual_run> asked, int tries);
    void start_manual(const std::shared_ptr<manual_run>& asked);
    std::shared_ptr<chain_run> start_run(
        const std::shared_ptr<const job_set>& plan,
        job_index first,
        run_record record,
        chain_run::beginning from,
        fate what,
        chain_run::end_handler on_end);
    void run_ended(const std::shared_ptr<chain_run>& run, bool had_turn = false);
    void end_turn(const std::string& chain);
    void leave_slot(const std::string& chain);
    void leave_line(const std::string& chain);
    void forget_if_idle(const std::string& chain);
    void empty_lines();
    void stop_firing();
    void cancel_runs();
    void finish_if_idle();

    std::shared_ptr<services> shared_;
    std::shared_ptr<const job_set> plan_ = std::make_shared<job_set>();
    timetable timetable_;
    microseconds start_{0}; // of the first async_run, in time since boot
    instant boot_{};        // as the timetable last knew it
    bool started_ = false;  // async_run has been called
    bool loaded_ = false;   // the timetable holds the plan, with what the store remembers
    bool draining_ = false;
    bool is_stopping_ = false;  // what waits for a place is not to begin any more
    bool is_abandoned_ = false; // the runner has ended
    bool cancelling_ = false;   // what is claimed already starts as a cancelled run
    std::size_t underway_ = 0;  // what is asked of the store beside the journal, or starts
    std::shared_ptr<journal> journal_;
    carillon::on_store_error on_store_error_;
    bool recovers_triggered_;
    std::int64_t fence_ = 0; // the last that no store gave
    std::unordered_map<std::string, chain_state> chains_;
    // Watched, not owned: a run belongs to its coroutines and keeps the core alive by its end
    // handler, so that whoever destroys the coroutines destroys both.
    std::unordered_map<const chain_run*, std::weak_ptr<chain_run>> runs_;
    std::shared_ptr<boost::asio::cancellation_signal> wake_ =
        std::make_shared<boost::asio::cancellation_signal>();
    std::vector<std::shared_ptr<boost::asio::cancellation_signal>> recovery_waits_;
    std::vector<std::weak_ptr<due_batch>> ahead_; // of runs that are not due yet
    instant ahead_until_ = instant::min();        // what could be claimed ahead has been
    // Claimed by an earlier process, and not due yet: by chain and instant.
    std::set<std::pair<std::string, instant>> awaited_;
    std::shared_ptr<ending> run_;
    std::vector<std::shared_ptr<ending>> drains_;
};

} // namespace carillon::detail
