#pragma once

#include <carillon/store/history.hpp>
#include <carillon/store/memory_store.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace carillon::detail {

/** What has ended or was missed, as much of it as is kept. */
class memory_history {
public:
    explicit memory_history(const memory_store_options& keep)
        : keep_runs_(std::max<std::size_t>(keep.keep_runs, 1)),
          keep_runs_in_all_(std::max<std::size_t>(keep.keep_runs_in_all, 1))
    {}

    using ended_run = std::shared_ptr<const run_record>;

    /** Adds an entry. Where the oldest one of all was forgotten for it, returns that one's chain if
     * nothing is left of it. */
    std::optional<std::string> append(instant at, std::variant<ended_run, missed_record> what);

    /** Forgets a run of a chain. */
    void erase(const std::string& chain, run_id run);

    history_page find(const history_query& q) const;

    /** A run that has ended; null where it is not known. */
    const run_record* find_run(run_id id) const;

    /** The same, of a chain. */
    const run_record* find_run(const std::string& chain, run_id id) const;

    /** The ids of the runs, in any order. */
    std::vector<run_id> ids() const;

    /** The runs of a chain, oldest first. */
    std::vector<run_record> runs(const std::string& chain) const;

    /** The entries of a chain, oldest first. */
    std::vector<history_entry> entries(const std::string& chain) const;

    /** The missed spans of all chains, oldest first. */
    std::vector<missed_record> missed() const;

private:
    struct kept_entry {
        std::int64_t cursor = 0;
        instant at{};
        /// A null run was forgotten before older entries of other chains.
        std::variant<ended_run, missed_record> what;

        const std::string& chain() const;
        const ended_run& run() const; // null where it is no run
        bool is_forgotten() const;
        bool meets(const history_query& q) const;
        history_entry copy() const;
    };
    using cursors = boost::container::small_vector<std::int64_t, 4>;

    kept_entry& at_cursor(std::int64_t cursor);
    const kept_entry& at_cursor(std::int64_t cursor) const;
    void forget(std::int64_t cursor);
    std::optional<std::string> forget_oldest();

    std::size_t keep_runs_;
    std::size_t keep_runs_in_all_;
    std::deque<kept_entry> entries_;                  // oldest first, each cursor once
    std::unordered_map<std::string, cursors> chains_; // of what is not forgotten, oldest first
    std::int64_t last_cursor_ = 0;
};

} // namespace carillon::detail
