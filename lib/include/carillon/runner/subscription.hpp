#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace carillon {

namespace detail {
class listeners;
}

/**
 * A handle with which to remove a listener of a @ref runner.
 *
 * Destroying the handle does not remove the listener, which is called until the runner's end.
 * Copies stand for the same listener. For one executor at a time, the runner's; it may outlive the
 * runner.
 */
class subscription {
public:
    /** Of no listener. */
    subscription() = default;

    /** Stops calls to the listener and destroys it: at once, or, within a listener's call, when the
     * current event has reached all listeners. Does nothing the second time, and after the runner's
     * end. */
    void remove();

private:
    friend class detail::listeners;

    subscription(std::weak_ptr<detail::listeners> of, std::uint64_t id)
        : of_(std::move(of)), id_(id)
    {}

    std::weak_ptr<detail::listeners> of_;
    std::uint64_t id_ = 0;
};

} // namespace carillon
