#pragma once

#include "runner/awkward_store.hpp"
#include <carillon/store/store.hpp>
#include <carillon/store/store_reader.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon::test {

/** A store as a process has it, until the process is killed. */
class connection final : public store {
public:
    connection(
        boost::asio::any_io_executor ex, std::unique_ptr<store> real, bool is_durable = true);

    /** As by kill -9: what it claimed is nobody's, and each operation fails with @ref
     * errc::not_running. */
    void disconnect() { real_.reset(); }

    microseconds claim_lead(std::size_t claims) const noexcept override;
    bool is_durable() const noexcept override { return is_durable_; }

private:
    void load(load_handler handler) override;
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override;
    void save_progress(run_id run, job_record job, plain_handler handler) override;
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override;
    void find(history_query query, find_handler handler) override;
    void find_run(run_id run, find_run_handler handler) override;

    boost::asio::any_io_executor executor_;
    std::unique_ptr<store> real_;
    bool is_durable_;
};

/** What the runners of a test share: of the kind that the environment's CARILLON_TEST_STORE names,
 * `memory` (the default), `sqlite` or `awkward`. */
class chosen_store {
public:
    chosen_store(boost::asio::io_context& ctx, time_source& time);
    ~chosen_store();

    /** A connection as another process has it. */
    std::unique_ptr<connection> connect();

    /** One that is awkward, whatever the kind. */
    std::unique_ptr<connection> connect(const awkwardness& how);

    /** The ended runs of a chain, oldest first. */
    std::vector<run_record> runs(const std::string& chain) const;

    /** The missed spans of all chains, oldest first. */
    std::vector<missed_record> missed() const;

    /** The one connection of a process that nothing outlives. */
    operator carillon::store&() { return *transient_; } // NOLINT(google-explicit-constructor)

private:
    class kind;
    class in_memory;
    class in_sqlite;

    std::unique_ptr<store> connect_as_chosen();

    boost::asio::any_io_executor executor_;
    time_source& time_;
    std::unique_ptr<kind> kind_;
    bool is_awkward_ = false;
    std::uint64_t connections_ = 0; // the seeds of awkward ones
    std::unique_ptr<connection> transient_;
};

} // namespace carillon::test
