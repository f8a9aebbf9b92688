#pragma once

#include <carillon/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace carillon::http {

/** How many connections a client keeps, and for how long. */
struct pool_options {
    /// Connections to one origin at a time; further exchanges wait their turn.
    std::size_t max_per_origin = 100;
    /// Idle connections kept to one origin.
    std::size_t max_idle_per_origin = 8;
    /// How long an idle connection is kept.
    std::chrono::steady_clock::duration idle_timeout = std::chrono::seconds{30};
};

/**
 * The places and the kept connections of each origin.
 *
 * Not a public interface. For one executor at a time; the permits it gave keep it alive.
 */
class pool : public std::enable_shared_from_this<pool> {
public:
    using socket = boost::asio::ip::tcp::socket;
    using time_point = std::chrono::steady_clock::time_point;

    /** The right to use one connection of an origin; given back by its destructor. */
    class permit {
    public:
        permit(std::shared_ptr<pool> owner, std::string origin)
            : owner_(std::move(owner)), origin_(std::move(origin))
        {}
        permit(permit&&) noexcept = default;
        permit& operator=(permit&&) = delete;
        ~permit()
        {
            if (owner_ != nullptr) owner_->release(origin_);
        }

    private:
        std::shared_ptr<pool> owner_;
        std::string origin_;
    };

    pool(boost::asio::any_io_executor ex, pool_options options);

    /** Waits for a place, first come, first served, until `until`: then @ref errc::timed_out. */
    boost::asio::awaitable<result<permit>> acquire(std::string origin, time_point until);

    /** A kept connection that its peer has not closed, the latest used first. */
    std::optional<socket> take(const std::string& origin);

    /** Keeps a connection for later. */
    void keep(const std::string& origin, socket s);

    /** Closes every kept connection. */
    void close_idle();

private:
    struct idle_socket {
        socket connection;
        time_point expires;
    };

    /** Stands in its origin's queue until it is granted or destroyed. */
    struct waiter {
        waiter(pool& p, std::string o, time_point until);
        ~waiter();
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;

        pool& owner;
        std::string origin;
        boost::asio::steady_timer timer;
        bool granted = false;
    };

    struct origin_state {
        std::size_t used = 0;
        std::deque<waiter*> waiting;
        std::vector<idle_socket> idle; // in the order of their expiry
    };

    void release(const std::string& origin) noexcept;
    void expire();
    void forget_if_unused(const std::string& origin);

    boost::asio::any_io_executor executor_;
    pool_options options_;
    std::unordered_map<std::string, origin_state> origins_;
    boost::asio::steady_timer expiry_;
    bool expiry_armed_ = false;
};

} // namespace carillon::http
