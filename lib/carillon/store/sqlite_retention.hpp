#pragma once

#include <carillon/store/sqlite.hpp>
#include <carillon/store/sqlite_store.hpp>

#include <set>
#include <string>

namespace carillon::sqlite {

/** Cuts the history at its old end, a little at a time. Not a public interface; for one thread. */
class retention {
public:
    /** `db` must outlive it. */
    explicit retention(database& db) : db_(db) {}

    /** An entry of this chain has been added. */
    void note(const std::string& chain, instant now);

    /** Whether @ref step may have something to do. */
    bool is_pending() const noexcept { return pending_ || !grown_.empty(); }

    /** Deletes a few entries, in a transaction of its own. What fails is tried again after the next
     * entry. */
    void step(const history_limits& limits);

private:
    bool delete_aged(microseconds keep);
    bool delete_surplus(std::int64_t keep_bytes);
    bool delete_of_chain(const std::string& chain, const char* which, std::int64_t keep_runs);
    bool shrink();

    database& db_;
    instant now_{};
    bool pending_ = true;         // the limits may be lower than at the last start
    std::set<std::string> grown_; // chains since they were cut
};

} // namespace carillon::sqlite
