#pragma once

#include "runner/attempt/attempt.hpp"
#include "runner/services/services.hpp"
#include <carillon/http/transport.hpp>
#include <carillon/job/expectation.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace carillon::detail {

/** What is left of a job's deadline, in time that a clock step does not move. */
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

/** What came of one request. */
struct exchange_result {
    error_code ec{};
    http::response reply{};
    /// The job's deadline passed before it had a place.
    bool never_began = false;
    /// What it was given until the job's deadline, where that was less than its timeout.
    std::optional<microseconds> cut_to{};
};

/** The parts of a reply that are judged; they refer to it. */
reply reply_of(const http::response& r);

/**
 * Waits for a place, where `entry` is not what came of that already, sends, and tells the origin's
 * circuit how connecting went. Everything named must outlive the operation. Cancellation:
 * `terminal`.
 *
 * What is reached through a unix socket or a proxy of its own has places and a circuit of its own.
 */
boost::asio::awaitable<exchange_result> exchange(
    const job_task& t,
    http::request req,
    http::limits lim,
    time_budget budget,
    std::optional<limiter::entry> entry = {});

/** Has the store keep how far the job is. */
boost::asio::awaitable<error_code> save_progress(const job_task& t);

/** Waits, unless the job is cancelled, before or meanwhile: whether it was not. */
boost::asio::awaitable<bool> wait(const job_task& t, microseconds span);

} // namespace carillon::detail
