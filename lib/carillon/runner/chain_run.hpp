#pragma once

#include <carillon/runner/chain_walk.hpp>
#include <carillon/runner/run_secrets.hpp>
#include <carillon/runner/services.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

/**
 * One run under way: walks its chain, a coroutine for each job that goes. Not a public interface.
 *
 * Owned by its jobs' coroutines alone; whoever starts it is told of its end exactly
 * once.
 */
class chain_run : public std::enable_shared_from_this<chain_run> {
public:
    using end_handler = std::function<void(const std::shared_ptr<chain_run>&)>;

    /** `record` has id, chain, instant, trigger and fence; `first` is the job that the run starts
     * with. */
    chain_run(
        std::shared_ptr<services> shared,
        std::shared_ptr<const job_set> plan,
        job_index first,
        run_record record);

    /** Starts the first job. `on_end` is called when every job has ended, never from within this
     * call. */
    void start(end_handler on_end);

    /** Ends the jobs that go; those that have not begun end as `cancelled`, too. */
    void cancel();

    const run_record& record() const noexcept { return record_; }
    const job& first() const noexcept { return walk_.at(0); }

private:
    void find_wanted_values();
    void advance();
    void start_job(std::size_t position);
    void job_done(std::size_t position, const std::exception_ptr& thrown);
    void end_job(std::size_t position);
    void cancel_rest();
    void finish();

    std::shared_ptr<services> shared_;
    std::shared_ptr<const job_set> plan_;
    chain_walk walk_;
    run_record record_;
    run_secrets secrets_;
    std::vector<std::vector<std::string>> wanted_values_; // of each job's reply, by others
    std::vector<std::unique_ptr<boost::asio::cancellation_signal>> signals_; // of the jobs that go
    std::size_t ended_ = 0;
    bool cancelled_ = false;
    end_handler on_end_;
};

} // namespace carillon
