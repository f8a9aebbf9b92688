#include "runner/core/alarm_clock.hpp"

#include <carillon/job/job.hpp>

#include <algorithm>
#include <chrono>

namespace carillon::detail {
namespace {

/// A smaller difference between the clocks is no step: schedules keep their names.
constexpr microseconds step_limit = std::chrono::seconds{1};

/// Without a timer that sees the clock set, a step is noticed as late as this.
constexpr microseconds longest_blind_wait = std::chrono::seconds{1};

} // namespace

void alarm_clock::set(std::optional<instant> at)
{
    const auto then = [this, owner = owner_](const error_code& ec) {
        if (const auto alive = owner.lock()) woken(ec);
    };
    const instant now = time_.now();
    // With nothing to come, a step may yet bring something: the clock may have visited the far
    // future.
    const instant next = at.value_or(now + max_span);
    if (has_timers_) return wait_.wait_until(next, then);
    // For want of descriptors the system gives no timer for the wall clock: this one waits for
    // elapsed time, never long, and then the other is asked for again.
    wait_.wait_for(std::clamp<microseconds>(next - now, microseconds{0}, longest_blind_wait), then);
}

void alarm_clock::woken(const error_code& ec)
{
    has_timers_ = !ec || ec == errc::clock_changed;
    on_wake_();
}

std::optional<microseconds> alarm_clock::take_step()
{
    const instant boot = time_.boot_time();
    const microseconds by = boot - boot_;
    if (std::chrono::abs(by) < step_limit) return std::nullopt;
    boot_ = boot;
    return by;
}

} // namespace carillon::detail
