#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace carillon {

namespace detail {
class listeners;
}

/**
 * A listener of a @ref runner, for whoever wants to be told no more.
 *
 * Its end removes nothing: a listener that nobody removes is called until the runner's end, so that
 * the handle may be thrown away. Copies stand for the same listener. For one executor at a time,
 * the runner's; it may outlive the runner.
 */
class subscription {
public:
    /** Of no listener. */
    subscription() = default;

    /** The listener is called no more, and destroyed: at once, or as soon as the event that is
     * being told has been, where it is removed within such a call, its own or another's. Does
     * nothing the second time, and after the runner's end. */
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
