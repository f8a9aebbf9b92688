#pragma once

#include "http/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace carillon::http::detail {

/**
 * Closes a socket at an instant, so that whatever waits on it ends.
 *
 * The error that an operation then gives depends on where it was: @ref cause_of tells.
 */
class deadline {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit deadline(const boost::asio::any_io_executor& ex);
    ~deadline();
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    /** From now on closes this socket at `until`; forgets one before. The socket must stay where it
     * is until the next call, or @ref stop. */
    void watch(stream_socket& socket, time_point until);

    void stop();

    bool has_passed() const noexcept;

    /** `ec`, or @ref errc::timed_out where it comes of the deadline. */
    error_code cause_of(const error_code& ec) const;

private:
    struct state;
    std::shared_ptr<state> state_; // shared with the timer's handler
};

} // namespace carillon::http::detail
