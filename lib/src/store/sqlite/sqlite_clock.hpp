#pragma once

#include <carillon/detail/sqlite.hpp>
#include <carillon/time/instant.hpp>

#include <functional>
#include <optional>

namespace carillon::detail::sqlite {

/**
 * The time by which a store measures how long an entry has been kept. For
 * one thread.
 *
 * It never goes back, and no clock that was wrong once takes it far ahead: while the store is open
 * it follows the time since boot, which nobody sets (CLOCK_BOOTTIME, clock_gettime(2)). From one
 * process to the next it follows the wall clock, by a week at most: after a longer downtime entries
 * are kept that much longer.
 */
class keeping_clock {
public:
    /** `db` must outlive it. Without `since_boot`, that of this machine. */
    keeping_clock(database& db, std::function<microseconds()> since_boot);

    instant now() const;

    /** A part of a commit: what entries of this commit are marked with. The same until @ref
     * end_commit. */
    instant mark();
    void end_commit() noexcept { mark_.reset(); }

private:
    std::function<microseconds()> since_boot_;
    microseconds opened_at_; // since boot
    instant start_;
    std::optional<instant> mark_;
    statement read_;
    statement write_;
};

} // namespace carillon::detail::sqlite
