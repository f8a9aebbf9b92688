#pragma once

#include "store/sqlite/sqlite_clock.hpp"
#include <carillon/detail/sqlite.hpp>
#include <carillon/store/history_limits.hpp>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace carillon::detail::sqlite {

/**
 * Cuts the history at its old end, a little at a time. For one thread.
 *
 * To look at a chain's end costs about as much as to record a run. So it is looked at after some of
 * its entries, drawn at random, and has then a sixteenth more than it may have in the mean; and at
 * the whole once in a while.
 */
class retention {
public:
    /** Both must outlive it. */
    retention(database& db, const keeping_clock& clock);

    /** An entry of each of these chains has been added. */
    void note(const std::vector<std::string>& chains);

    /** The whole is to be looked at with the next step. */
    void look_again() noexcept { pending_ = true; }

    /** Whether @ref step may have something to do. */
    bool is_pending() const noexcept { return pending_ || !grown_.empty(); }

    /** Whether @ref step may wait no longer, however much there is to write: more entries would be
     * added than are deleted. */
    bool is_due() const noexcept;

    /** Deletes some entries, in a transaction of its own. What fails is tried again after another
     * entry. */
    void step(const history_limits& limits);

private:
    bool delete_aged(microseconds keep);
    bool delete_surplus(std::int64_t keep_bytes);
    void trim_chains();
    std::int64_t delete_of_chain(statement& which, const std::string& chain, std::int64_t at_most);
    bool shrink();

    database& db_;
    const keeping_clock& clock_;
    statement delete_aged_;
    statement delete_oldest_;
    statement delete_runs_;
    statement delete_spans_;
    instant looked_at_{}; // the whole
    int added_ = 0;       // since then
    int added_since_step_ = 0;
    std::int64_t keep_runs_ = 0;  // as it was last told
    bool pending_ = true;         // the limits may be lower than at the last start
    std::set<std::string> grown_; // chains to be looked at
    std::minstd_rand random_{std::random_device{}()};
};

} // namespace carillon::detail::sqlite
