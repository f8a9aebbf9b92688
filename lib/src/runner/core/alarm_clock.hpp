#pragma once

#include "time/timer_slot.hpp"
#include <carillon/time/time_source.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace carillon::detail {

/** Wakes the runner's core, its only caller, at an instant, and sees that the wall clock was set.
 */
class alarm_clock {
public:
    explicit alarm_clock(time_source& time) : time_(time), wait_(time) {}

    /** `on_wake` is called at each awaited instant, or earlier if the wall clock is set, while the
     * owner lives. It may end the owner. */
    void serve(std::weak_ptr<void> owner, std::function<void()> on_wake)
    {
        owner_ = std::move(owner);
        on_wake_ = std::move(on_wake);
    }

    /** Later steps are measured from now. */
    void begin() { boot_ = time_.boot_time(); }

    /** Wakes at that instant, and at no other that was set before. Without an instant it wakes only
     * where the clock is set. */
    void set(std::optional<instant> at);

    void cancel() { wait_.cancel(); }

    /** How far the wall clock has been set since this was last asked; nothing if it was not. */
    std::optional<microseconds> take_step();

private:
    void woken(const error_code& ec);

    time_source& time_;
    timer_slot wait_;
    std::weak_ptr<void> owner_;
    std::function<void()> on_wake_;
    instant boot_{};         // as it was last known
    bool has_timers_ = true; // the system had one for the last wait
};

} // namespace carillon::detail
