#pragma once

#include <carillon/time/instant.hpp>

namespace carillon::detail {

/**
 * Whether an endpoint's origin may be connected to, after how connecting to it went last.
 *
 * It is closed at first. Several failures in a row open it: then one attempt at a time is let
 * through, a probe, after a wait that doubles from one failed probe to the next. A connection
 * closes it. Times are those since boot.
 */
class circuit {
public:
    /// As many failures in a row open it.
    static constexpr int failures_to_open = 5;
    static constexpr microseconds first_wait = std::chrono::seconds{1};
    static constexpr microseconds longest_wait = std::chrono::seconds{30};

    enum class admission {
        pass,
        /// Let through to find out; @ref succeeded, @ref failed or @ref abandoned must follow.
        probe,
        /// Until the probe under way has ended, or the next one is due.
        wait,
    };

    admission ask(microseconds now) noexcept;

    /** Whether @ref ask would let an attempt through; it still will later, until told otherwise. */
    bool lets_through(microseconds now) const noexcept
    {
        return !is_open() || (!probing_ && now >= next_probe_);
    }

    /** An attempt has connected: whether that closed an open circuit. */
    bool succeeded() noexcept;

    /** An attempt could not connect: whether that opened a closed circuit. */
    bool failed(microseconds now, bool is_probe) noexcept;

    /** A probe ended before it could tell. */
    void abandoned() noexcept { probing_ = false; }

    bool is_open() const noexcept { return failures_ >= failures_to_open; }
    bool is_probing() const noexcept { return probing_; }

    /** In a row. */
    int failures() const noexcept { return failures_; }

    /** When the next probe is due; of use while it is open. */
    microseconds next_probe() const noexcept { return next_probe_; }

private:
    int failures_ = 0;
    bool probing_ = false;
    microseconds wait_ = first_wait;
    microseconds next_probe_{0};
};

} // namespace carillon::detail
