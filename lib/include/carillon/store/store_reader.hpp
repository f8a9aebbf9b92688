#pragma once

#include <carillon/store/claim.hpp>
#include <carillon/store/store_unusable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/**
 * Reads the store of a @ref sqlite_store, beside its daemon or without one; changes nothing.
 *
 * While nobody uses the store, it needs the right to read the file alone, also on a file system
 * that is read-only. It then makes no file, and takes no lock that SQLite knows.
 *
 * All members block. They throw `boost::system::system_error` with SQLite's code where the file
 * cannot be read, and @ref store_unusable where what has happened to it meanwhile forbids that. For
 * one thread at a time.
 */
class store_reader {
public:
    /** Opens the file. Throws @ref store_unusable: it is not there, cannot be read, no store, or of
     * another version. */
    explicit store_reader(const std::string& path);
    ~store_reader();

    /** Whether a daemon holds the store. */
    bool has_daemon() const;

    history_page find(const history_query& query);

    /** One run, open or ended; nothing where it is not known. */
    std::optional<run_record> find_run(run_id run);

    /** The ids of known runs, open or ended, that lie in [first, last]: at most `limit`, in their
     * order. */
    std::vector<run_id> find_ids(run_id first, run_id last, std::size_t limit);

    /** For each of these chains the runs that ended last, the last of them first: at most `limit`
     * of each. Their instants may be in another order, where a clock was wrong or one was run
     * again. Costs the same however long the history is. */
    std::vector<std::vector<run_record>>
    latest_runs(const std::vector<std::string>& chains, std::size_t limit);

    /** The runs that have not ended, those with the earliest claim first. One that is not owned was
     * cut off. */
    std::vector<open_run> open_runs();

    /** What is remembered of scheduled jobs, in any order. */
    std::vector<job_memory> memories();

private:
    class view;
    std::unique_ptr<view> view_;
};

} // namespace carillon
