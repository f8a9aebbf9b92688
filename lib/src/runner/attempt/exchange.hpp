#pragma once

#include "runner/attempt/attempt.hpp"
#include "runner/services/services.hpp"
#include <carillon/http/transport.hpp>
#include <carillon/job/expectation.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace carillon::detail {

/** The time that is left until a job's deadline. Setting the wall clock does not change it. */
class time_budget {
public:
    /** `begun` is in time since boot. */
    time_budget(const time_source& time, microseconds begun, microseconds span)
        : time_(&time), end_(begun + span)
    {}

    microseconds left() const { return end_ - time_->since_boot(); }

private:
    const time_source* time_;
    microseconds end_;
};

/** The result of one request. */
struct exchange_result {
    error_code ec{};
    http::response reply{};
    /// The job's deadline passed before it had a permit.
    bool never_began = false;
    /// The time that was left until the job's deadline, if that was less than the timeout.
    std::optional<microseconds> cut_to{};
};

/** The parts of a reply that are judged. They refer to `r`. */
reply reply_of(const http::response& r);

/**
 * Called by @ref perform_job for each attempt, and while it polls.
 *
 * Waits for a permit unless `permit` is the result of such a wait, sends the request, which is used
 * up, and tells the origin's circuit whether it could connect. Everything named must outlive the
 * operation. Cancellation: `terminal`.
 *
 * An origin that is reached through a unix socket or a proxy has its own permits and circuit for
 * that route.
 */
boost::asio::awaitable<void> exchange(
    const job_task& t,
    http::request& req,
    http::limits lim,
    time_budget budget,
    std::optional<limiter::permit_result> permit,
    exchange_result& out);

/** Saves how far the job is in the store. */
boost::asio::awaitable<error_code> save_progress(const job_task& t);

/** Waits for a time. Returns false if the job was cancelled before the wait or during it. */
boost::asio::awaitable<bool> wait(const job_task& t, microseconds span);

} // namespace carillon::detail
