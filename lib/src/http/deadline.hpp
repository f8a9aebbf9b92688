#pragma once

#include "http/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace carillon::http::detail {

/**
 * Closes a socket at a given time, so that the operations on it end.
 *
 * The errors that these then give differ. @ref cause_of makes one of them.
 */
class deadline {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit deadline(const boost::asio::any_io_executor& ex);
    ~deadline();
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    /** From now on watches this socket instead of the one before, and closes it at `until`. The
     * socket must not move before the next call, or @ref stop. */
    void watch(stream_socket& socket, time_point until);

    void stop();

    bool has_passed() const noexcept;

    /** `ec`, or @ref errc::timed_out if the deadline has caused it. */
    error_code cause_of(const error_code& ec) const;

private:
    struct state;
    std::shared_ptr<state> state_; // shared with the timer's handler
};

} // namespace carillon::http::detail
