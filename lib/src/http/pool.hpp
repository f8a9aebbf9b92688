#pragma once

#include "http/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace carillon::http::detail {

/** How many connections a client keeps, and for how long. */
struct pool_options {
    /// Idle connections kept to one origin.
    std::size_t max_idle_per_origin = 100;
    /// Idle connections kept in all.
    std::size_t max_idle = 1000;
    /// How long an idle connection is kept.
    std::chrono::steady_clock::duration idle_timeout = std::chrono::seconds{30};
};

/**
 * The connections that are kept for later, by the key of the @ref hop that each serves.
 * For one executor at a time.
 */
class pool : public std::enable_shared_from_this<pool> {
public:
    using time_point = std::chrono::steady_clock::time_point;

    pool(const boost::asio::any_io_executor& ex, pool_options options);

    /** Raises the bounds of its options to the given ones. A lower one changes nothing. */
    void keep_at_least(std::size_t per_origin, std::size_t in_all);

    /** Takes a kept connection that its peer has not closed, the latest used first. Null if there
     * is none. */
    std::unique_ptr<stream> take(const std::string& key);

    /** Keeps a connection for later. Whether its peer has closed it, or sent something unasked, is
     * looked at when it is taken. */
    void keep(const std::string& key, std::unique_ptr<stream> s);

    /** Closes a connection to free its descriptor. Returns false if there is none. */
    bool close_one();

    /** Closes every kept connection. */
    void close_idle();

private:
    struct idle_stream {
        std::unique_ptr<stream> connection;
        time_point expires;
    };
    using idle_streams = std::vector<idle_stream>; // in the order of their expiry

    void expire();

    pool_options options_;
    std::unordered_map<std::string, idle_streams> idle_; // none of them empty
    std::size_t count_ = 0;
    boost::asio::steady_timer expiry_;
    bool expiry_armed_ = false;
};

} // namespace carillon::http::detail
