#pragma once

#include "runner/attempt/attempt.hpp"
#include "runner/attempt/exchange.hpp"
#include "runner/attempt/request_maker.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace carillon::detail {

/// RFC 9110 section 15.3.3: 202 Accepted.
inline constexpr int status_accepted = 202;

/** How long to wait before an endpoint is asked again. */
struct poll_wait {
    microseconds span{0};
    /// By the endpoint's `Retry-After`, which is longer than `poll.every`.
    bool is_asked_for = false;
};

/** What came of asking, and how it ended. */
struct polling_result {
    exchange_result last{};
    /// The last reply meets `poll.expect`.
    bool is_met = false;
    /// It was not met within the job's deadline, which the wait before the next question would have
    /// passed.
    bool is_out_of_time = false;
    poll_wait wait_that_is_too_long{};
    /// Why there was nobody to ask.
    std::optional<unfilled> problem{};
};

/** Whether a reply says that the work may go on, and the job has it asked for. */
bool is_to_be_polled(const job& j, const exchange_result& first);

/**
 * Asks what came of work that an endpoint has accepted, until `poll.expect` is met, the deadline
 * passes, or the reply is one that asking again will not change: any 4xx but 404, 408, 425 and 429,
 * or what is `rejected`. A reply's `Retry-After` may make it wait longer than `poll.every`.
 *
 * `sent` is the attempt's request. Cancellation: `terminal`; the last result then is one of
 * `operation_aborted`.
 */
boost::asio::awaitable<polling_result> poll(
    const job_task& t,
    const request_context& c,
    http::request sent,
    exchange_result first,
    time_budget budget);

} // namespace carillon::detail
