#pragma once

#include <carillon/store/memory_store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace carillon::app {

/** A store that shares another's memory, as another process would, and answers after a delay, as a
 * disk does. Claims are to be asked for that long before their instant. */
class simulated_store final : public store {
public:
    simulated_store(
        boost::asio::any_io_executor ex,
        time_source& time,
        const memory_store& memory,
        microseconds commit)
        : real_(std::move(ex), memory), time_(time), commit_(commit)
    {}

    microseconds claim_lead(std::size_t) const noexcept override { return commit_; }

    /** As if the process were gone. */
    void disconnect() { real_.disconnect(); }

private:
    template <class Handler>
    auto in_time(Handler handler);

    void load(load_handler handler) override;
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override;
    void save_progress(run_id run, job_record job, plain_handler handler) override;
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override;
    void find(history_query query, find_handler handler) override;
    void find_run(run_id run, find_run_handler handler) override;

    memory_store real_;
    time_source& time_;
    microseconds commit_;
};

} // namespace carillon::app
