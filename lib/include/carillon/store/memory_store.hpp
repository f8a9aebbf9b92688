#pragma once

#include <carillon/store/store.hpp>
#include <carillon/store/store_reader.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

namespace detail {
class memory_state;
} // namespace detail

/** How much a @ref memory_store keeps. */
struct memory_store_options {
    /// Ended runs and spans of missed instants of one chain, from 1; older ones are forgotten.
    std::size_t keep_runs = 16;
    /// The same of all chains together, from 1.
    std::size_t keep_runs_in_all = 10'000;
    /// Claimed instants of one chain that are known as such; an older one could be claimed again.
    std::size_t keep_claims = 64;
};

/** A store that lasts as long as its object, or as others that share its memory. */
class memory_store final : public store {
public:
    using executor_type = boost::asio::any_io_executor;

    /** An empty store. */
    explicit memory_store(boost::asio::any_io_executor ex, memory_store_options options = {});

    /** Shares the memory of another, as another process would: for tests and simulations. */
    memory_store(boost::asio::any_io_executor ex, const memory_store& shared);

    ~memory_store() override;

    /** Where its operations complete by default. */
    executor_type get_executor() const noexcept { return executor_; }

    /** What is shared is as durable as another process's memory is to this one. */
    bool is_durable() const noexcept override { return is_shared_; }

    /** As if the process were gone: what it claimed is nobody's, and from here on each operation
     * fails with @ref errc::not_running and changes nothing. */
    void disconnect();

    /** The ended runs of a chain that are kept, oldest first. */
    std::vector<run_record> runs(const std::string& chain) const;

    /** The missed spans of all chains that are kept, oldest first. */
    std::vector<missed_record> missed() const;

    /** Reads what is kept, however long this object lasts. It knows of no daemons. For the thread
     * of those who share the memory. */
    std::unique_ptr<store_reader> open_reader() const;

private:
    void load(load_handler handler) override;
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override;
    void save_progress(run_id run, job_record job, plain_handler handler) override;
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override;
    void find(history_query query, find_handler handler) override;
    void find_run(run_id run, find_run_handler handler) override;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<detail::memory_state> state_;
    int owner_;
    bool is_shared_ = false;
    bool connected_ = true;
};

} // namespace carillon
