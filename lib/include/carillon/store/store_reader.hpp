#pragma once

#include <carillon/store/claim.hpp>
#include <carillon/store/history.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/** A run that has not ended, as a look at the store finds it. */
struct unended_run {
    open_run open;
    /// Whether the process that claimed it is still there; else it crashed.
    bool is_running = true;
};

/**
 * Reads a store, beside its daemon or without one; changes nothing.
 *
 * All members block. They throw `boost::system::system_error` with the store's own code where it
 * cannot be read, and @ref store_unusable where what has happened to it meanwhile forbids that. For
 * one thread at a time.
 */
class store_reader {
public:
    store_reader() = default;
    store_reader(const store_reader&) = delete;
    store_reader& operator=(const store_reader&) = delete;
    virtual ~store_reader() = default;

    /** Whether a daemon holds the store. */
    virtual bool has_daemon() const = 0;

    /** A page of the history, newest first. */
    virtual history_page find(const history_query& query) = 0;

    /** One run, open or ended; nothing if it is not known. One that is open and whose process is
     * gone has the reason @ref reason::crash. */
    virtual std::optional<run_record> find_run(run_id run) = 0;

    /** The ids of known runs, open or ended, that lie in [first, last]: at most `limit`, in their
     * order. */
    virtual std::vector<run_id> find_ids(run_id first, run_id last, std::size_t limit) = 0;

    /** For each of these chains the runs that ended last, the last of them first: at most `limit`
     * of each. Their instants may be in another order, where a clock was wrong or one was run
     * again. Costs the same however long the history is. */
    virtual std::vector<std::vector<run_record>>
    latest_runs(const std::vector<std::string>& chains, std::size_t limit) = 0;

    /** For each of these chains the newest entries of its history, newest first: at most `limit` of
     * each. The cost does not grow with the history. */
    virtual std::vector<std::vector<history_entry>>
    latest_entries(const std::vector<std::string>& chains, std::size_t limit) = 0;

    /** The runs that have not ended, those with the earliest claim first. */
    virtual std::vector<unended_run> open_runs() = 0;

    /** What is remembered of scheduled jobs, in any order. */
    virtual std::vector<job_memory> memories() = 0;
};

} // namespace carillon
