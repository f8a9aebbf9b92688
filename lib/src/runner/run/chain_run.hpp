#pragma once

#include "runner/attempt/progress.hpp"
#include "runner/attempt/run_secrets.hpp"
#include "runner/run/chain_walk.hpp"
#include "runner/services/services.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/**
 * One run under way. It walks its chain and has a coroutine for each job that is running. `chains`
 * makes, starts and cancels it.
 *
 * Its jobs' waits for permits and their coroutines own it, and nobody else. Its `on_end` is called
 * exactly once. A job that waits for its first permit has no coroutine yet: of ten thousand runs at
 * one instant nearly all wait.
 */
class chain_run : public std::enable_shared_from_this<chain_run> {
public:
    using end_handler = std::function<void(const std::shared_ptr<chain_run>&)>;

    /** What happened before this run began. */
    enum class beginning {
        fresh,
        /// A crash interrupted the run: jobs that were under way may have been sent.
        crashed,
        /// The run had ended: the jobs that did not complete run again.
        retried,
    };

    /** `record` has id, chain, instant, trigger and fence, and the records of jobs from before.
     * `first` is the job that the run starts with. */
    chain_run(
        std::shared_ptr<services> shared,
        std::shared_ptr<const job_set> jobs,
        job_index first,
        run_record record,
        beginning from);

    /** Starts the first job. Calls `on_end` when every job has ended, never from within this call.
     */
    void start(end_handler on_end);

    /** Cancels the jobs that are running. Those that have not begun end as `cancelled`, too. `why`
     * is the run's reason, unless the run completes nevertheless. */
    void cancel(std::optional<reason> why = {});

    const run_record& record() const noexcept { return record_; }

    /** For `on_end`. */
    run_record take_record() { return std::move(record_); }
    const job& first() const noexcept { return walk_.at(0); }

private:
    void resume();
    void forget_jobs_without_values();
    void find_wanted_values();
    void advance();
    void start_job(std::size_t position);
    void perform(
        std::size_t position,
        std::optional<limiter::permit_result> permit,
        instant begun_at,
        microseconds begun);
    void skip_job(const chain_walk::step& step);
    void save_job(std::size_t position, std::function<void()> then);
    void job_done(std::size_t position, const std::exception_ptr& thrown);
    void end_job(std::size_t position);
    void continue_after(std::size_t position);
    void cancel_rest();
    void finish();

    std::shared_ptr<services> shared_;
    std::shared_ptr<const job_set> jobs_;
    chain_walk walk_;
    run_record record_;
    run_secrets secrets_;
    std::vector<std::vector<wanted_value>> wanted_values_;                   // of each job's reply
    std::vector<std::shared_ptr<boost::asio::cancellation_signal>> signals_; // of running jobs
    std::vector<std::size_t> underway_before_;                               // at the crash
    std::size_t ended_ = 0;
    beginning from_;
    bool cancelled_ = false;
    std::optional<reason> why_cancelled_;
    bool finished_ = false;
    end_handler on_end_;
};

} // namespace carillon::detail
