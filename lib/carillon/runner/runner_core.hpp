#pragma once

#include <carillon/detail/pending.hpp>
#include <carillon/runner/chain_run.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/runner/timetable.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon {

/** Everything of a runner but its interface; not public. Shared with handlers of operations that
 * may complete after the runner's end. */
class runner::core : public std::enable_shared_from_this<core> {
public:
    core(services s, origins::bounds max);

    void on_event(event_handler listener) { shared_->add_listener(std::move(listener)); }
    std::shared_ptr<const job_set> jobs() const { return plan_; }
    std::size_t running() const { return runs_.size(); }

    void set_jobs(job_set jobs);
    std::optional<instant> next_due(std::string_view name) const;
    void set_max_concurrent(std::size_t max) { shared_->origins->set_max_concurrent(max); }
    void set_max_per_origin(std::size_t max) { shared_->origins->set_max_per_origin(max); }
    boost::system::result<void> pause(std::string_view name);
    boost::system::result<void> resume(std::string_view name);
    bool is_paused(std::string_view name) const;

    void run(plain_handler handler);
    void drain(plain_handler handler);
    void trigger(const std::string& name, trigger_handler handler);
    void abandon();

private:
    using run_operation = detail::pending<void(error_code)>;
    using trigger_operation = detail::pending<void(error_code, run_record)>;

    /// An instant that has run already gives its run the name of one of so many microseconds after
    /// it.
    static constexpr int other_names = 100;

    /** What is due at one wake-up, on its way from the claim to the runs. */
    struct due_batch {
        std::shared_ptr<const job_set> plan;
        std::vector<due_run> due{};
        std::vector<carillon::claim> claims{};
        int tries = 0; // under other names, left
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

        const std::string& chain() const { return (*plan)[first].name; }

        void cancel()
        {
            cancelled = true;
            if (auto r = run.lock()) r->cancel();
        }

        trigger_operation operation;
        std::shared_ptr<const job_set> plan;
        job_index first = 0;
        std::weak_ptr<chain_run> run;
        bool cancelled = false;
    };

    /** What a chain's runs come to while at least one goes. */
    struct gate {
        int running = 0;
        int skipped_in_a_row = 0;
    };

    time_reading read_time() const;
    enum class on_cancel { stop_firing, cancel_runs };
    std::shared_ptr<ending> make_ending(plain_handler handler, on_cancel mild);

    boost::system::result<job_index> find_scheduled(std::string_view name) const;
    bool is_firing() const { return run_ && loaded_ && !draining_; }
    void load();
    void loaded(const error_code& ec, std::vector<job_memory> memories);
    void take_plan(std::vector<job_memory> memories);
    void arm();
    void arm_without_timer();
    void on_wake(const error_code& ec);
    bool look_for_step();
    void fire_due();
    void skip_due();
    bool is_busy(job_index j) const;
    bool may_start(const job& first, const due_run& due, std::vector<event>& told);
    std::vector<job_memory> memories_of(const std::vector<job_index>& jobs) const;
    std::vector<missed_record>
    records_of(const std::vector<std::pair<job_index, missed_part>>& missed) const;
    void tell_missed(
        const job_set& plan, const std::vector<std::pair<job_index, missed_part>>& missed) const;
    void keep(claim_batch notes);
    void claim(due_batch batch, claim_batch asked = {});
    void claimed(due_batch batch, error_code ec);
    void start_some(std::shared_ptr<due_batch> batch, std::size_t from);
    void start_due(const due_batch& batch, std::size_t i);
    void claim_manual(std::shared_ptr<manual_run> asked, instant at, int tries);
    void start_manual(const std::shared_ptr<manual_run>& asked, instant at, std::int64_t fence);
    std::shared_ptr<chain_run> start_run(
        const std::shared_ptr<const job_set>& plan,
        job_index first,
        run_record record,
        bool cancelled,
        chain_run::end_handler on_end);
    void run_ended(const std::shared_ptr<chain_run>& run);
    void leave_gate(const std::string& chain);
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
    bool cancelling_ = false;  // what is claimed already starts as a cancelled run
    std::size_t underway_ = 0; // claims and records whose answer, or its handling, is still to come
    std::unordered_map<std::string, gate> gates_;
    // Watched, not owned: a run belongs to its coroutines and keeps the core alive by its end
    // handler, so that whoever destroys the coroutines destroys both.
    std::unordered_map<const chain_run*, std::weak_ptr<chain_run>> runs_;
    std::shared_ptr<boost::asio::cancellation_signal> wake_ =
        std::make_shared<boost::asio::cancellation_signal>();
    std::shared_ptr<ending> run_;
    std::vector<std::shared_ptr<ending>> drains_;
};

} // namespace carillon
