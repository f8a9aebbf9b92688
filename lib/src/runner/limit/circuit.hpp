#pragma once

#include <carillon/time/instant.hpp>

namespace carillon::detail {

/**
 * Decides whether attempts may connect to an origin, from how the last ones went.
 *
 * A circuit starts closed. Several failures in a row open it. While it is open it lets one attempt
 * at a time through, the probe. The wait before a probe doubles with each probe that fails. A
 * connection closes the circuit. Times are those since boot. The limiter calls it.
 */
class circuit {
public:
    /// This many failures in a row open it.
    static constexpr int failures_to_open = 5;
    static constexpr microseconds first_wait = std::chrono::seconds{1};
    static constexpr microseconds longest_wait = std::chrono::seconds{30};

    enum class answer {
        pass,
        /// It may try; a call of @ref succeeded, @ref failed or @ref abandoned must follow.
        probe,
        /// It waits until the probe under way has ended, or the next one is due.
        wait,
    };

    answer ask(microseconds now) noexcept;

    /** Whether @ref ask would let an attempt through. A true answer stays true until another member
     * function is called. */
    bool lets_through(microseconds now) const noexcept
    {
        return !is_open() || (!probing_ && now >= next_probe_);
    }

    /** An attempt has connected. Returns whether that closed an open circuit. */
    bool succeeded() noexcept;

    /** An attempt could not connect. Returns whether that opened a closed circuit. */
    bool failed(microseconds now, bool is_probe) noexcept;

    /** A probe ended and showed nothing. */
    void abandoned() noexcept { probing_ = false; }

    bool is_open() const noexcept { return failures_ >= failures_to_open; }
    bool is_probing() const noexcept { return probing_; }

    /** How many attempts in a row could not connect. */
    int failures() const noexcept { return failures_; }

    /** When the next probe is due. It has a meaning only while the circuit is open. */
    microseconds next_probe() const noexcept { return next_probe_; }

private:
    int failures_ = 0;
    bool probing_ = false;
    microseconds wait_ = first_wait;
    microseconds next_probe_{0};
};

} // namespace carillon::detail
