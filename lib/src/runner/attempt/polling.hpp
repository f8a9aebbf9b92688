#pragma once

#include "runner/attempt/attempt.hpp"
#include "runner/attempt/exchange.hpp"
#include "runner/attempt/request_maker.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace carillon::detail {

/// RFC 9110 section 15.3.3: 202 Accepted.
inline constexpr int status_accepted = 202;

/** The wait before the next poll. */
struct poll_wait {
    microseconds span{0};
    /// The endpoint's `Retry-After` asks for it, and is longer than `poll.every`.
    bool is_asked_for = false;
};

/** The result of polling. */
struct polling_result {
    exchange_result last{};
    /// The last reply meets `poll.expect`.
    bool is_met = false;
    /// The deadline ended the polling: the wait before the next poll would have passed it.
    bool is_out_of_time = false;
    poll_wait wait_that_is_too_long{};
    /// Set if no poll could be sent: why.
    std::optional<unfilled> problem{};
};

/** Whether a reply says that the work is accepted and may still be running, and the job polls for
 * its result. */
bool is_to_be_polled(const job& j, const exchange_result& first);

/**
 * Polls for the result of work that an endpoint has accepted.
 *
 * It ends when `poll.expect` is met, when the deadline passes, or with a result that another poll
 * would not change: any 4xx but 404, 408, 425 and 429, or what is `rejected`. A reply's
 * `Retry-After` may make it wait longer than `poll.every`.
 *
 * `sent` is the attempt's request. Cancellation: `terminal`; the last result then has the error
 * `operation_aborted`.
 */
boost::asio::awaitable<polling_result> poll(
    const job_task& t,
    const request_context& c,
    const http::request& sent,
    exchange_result first,
    time_budget budget);

} // namespace carillon::detail
