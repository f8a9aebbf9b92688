#pragma once

#include <carillon/store/history.hpp>
#include <carillon/store/memory_store.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace carillon::detail {

/** What has ended or was missed, as much of it as is kept. */
class memory_history {
public:
    explicit memory_history(const memory_store_options& keep)
        : keep_runs_(keep.keep_runs), keep_runs_in_all_(keep.keep_runs_in_all)
    {}

    /** Adds an entry. Where the oldest one of all was forgotten for it, returns that one's chain if
     * nothing is left of it. */
    std::optional<std::string>
    append(const std::string& chain, instant at, std::variant<run_record, missed_record> what);

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

    /** The missed spans of all chains, oldest first. */
    std::vector<missed_record> missed() const;

private:
    std::optional<std::string> forget_oldest();

    std::size_t keep_runs_;
    std::size_t keep_runs_in_all_;
    std::map<std::string, std::deque<history_entry>> chains_; // oldest first
    std::deque<std::pair<std::string, std::int64_t>> order_;  // chain and cursor, oldest first
    std::int64_t last_cursor_ = 0;
};

} // namespace carillon::detail
