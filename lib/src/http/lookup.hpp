#pragma once

#include "http/host_addresses.hpp"
#include <carillon/detail/pending.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace carillon::http::detail {

/**
 * One look-up under way. Its answer and its cancellation compete for its handler: the first gets
 * it.
 *
 * The wait of its timer owns it, and thereby the `io_context` does: one that ends early destroys
 * it. So a handler that holds the resolver keeps neither of them alive.
 */
class lookup : public std::enable_shared_from_this<lookup> {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using operation = carillon::detail::pending<void(error_code, tcp_endpoints)>;

    lookup(const boost::asio::any_io_executor& ex, operation::handler_type handler)
        : timer_(ex), operation_(std::in_place, ex, std::move(handler))
    {}

    /** Calls `abandon` with a code when the caller cancels, or at `until`. To be called on the
     * resolver's executor. */
    void watch(time_point until, std::function<void(error_code)> abandon)
    {
        timer_.expires_at(until);
        timer_.async_wait([self = shared_from_this(), abandon](error_code ec) {
            if (!ec) abandon(errc::timed_out);
        });
        auto slot = operation_->slot();
        if (!slot.is_connected()) return;
        slot.assign([abandon = std::move(abandon)](boost::asio::cancellation_type) {
            abandon(boost::asio::error::operation_aborted);
        });
    }

    /** Completes the operation unless that has happened. To be called on the resolver's executor.
     */
    void finish(lookup_answer a)
    {
        timer_.cancel();
        std::optional<operation> op = std::exchange(operation_, std::nullopt);
        if (op) std::move(*op).complete(a.ec, std::move(a.found));
    }

private:
    boost::asio::steady_timer timer_;
    std::optional<operation> operation_;
};

} // namespace carillon::http::detail
