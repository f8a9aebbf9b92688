#pragma once

#include <carillon/store/history_limits.hpp>
#include <carillon/store/store.hpp>
#include <carillon/store/store_unusable.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace carillon {

namespace detail {
class sqlite_writer;
} // namespace detail

/** Where a @ref sqlite_store is, and how it behaves. */
struct sqlite_store_options {
    /// The database's file; it is made where there is none, and so is its folder. Beside it stand
    /// `PATH-wal` and `PATH-shm`, which are SQLite's.
    std::string path;
    /// The one process that fires schedules and resumes runs that crashed. Others may use the store
    /// beside it for runs of their own.
    bool is_daemon = true;
    history_limits limits{};
    /// Operations of one commit, from 1. More than one share the cost of the disk's sync.
    std::size_t max_group = 512;
    /// Is told, on the store's executor, what is wrong where a large file turns out to be damaged
    /// after the start. Such a file is used further as far as it can be.
    std::function<void(std::string)> on_damage{};
    /// What the age of entries is measured by: it never goes back while the store is open. Called
    /// on any thread. Without it, the time since boot (CLOCK_BOOTTIME, clock_gettime(2)).
    std::function<microseconds()> since_boot{};
};

/**
 * A store in an SQLite database, write-ahead logged and synced: what an operation has said to be
 * kept survives the process and the power.
 *
 * One thread of its own writes, two read; the caller's never blocks but in constructor and
 * destructor. What comes while a commit is under way shares the next one. Errors are SQLite's; @ref
 * errc::queue_full where the disk is too slow for what is asked of it.
 *
 * Claims name their owner by a lock on the file that ends with the process (fcntl(2)).
 */
class sqlite_store final : public store {
public:
    using executor_type = boost::asio::any_io_executor;

    /** Opens the file. Throws @ref store_unusable: it cannot be read or written, is damaged, of a
     * newer version, no store, or held by another daemon, whose process it names. Blocks. */
    sqlite_store(boost::asio::any_io_executor ex, sqlite_store_options options);

    /** Waits for what was asked for before. */
    ~sqlite_store() override;

    /** Where its operations complete by default. */
    executor_type get_executor() const noexcept { return executor_; }

    /** A disk's sync, and some more for each claim. */
    microseconds claim_lead(std::size_t claims) const noexcept override;

    /** Takes effect with the next commit. */
    void set_limits(const history_limits& limits) override;

    /** How many operations wait, or are under way. */
    std::size_t queued() const;

private:
    class reader;

    void load(load_handler handler) override;
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override;
    void save_progress(run_id run, job_record job, plain_handler handler) override;
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override;
    void find(history_query query, find_handler handler) override;
    void find_run(run_id run, find_run_handler handler) override;

    boost::asio::any_io_executor executor_;
    std::unique_ptr<detail::sqlite_writer> writer_;
    std::unique_ptr<reader> reader_; // ends before the writer, whose locks it looks at
};

} // namespace carillon
