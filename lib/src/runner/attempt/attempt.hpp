#pragma once

#include "runner/attempt/progress.hpp"
#include "runner/attempt/run_secrets.hpp"
#include "runner/services/services.hpp"
#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/** A job of a run that @ref perform_job brings to its outcome. Everything it refers to must outlive
 * that. */
struct job_task {
    services& shared;
    /// What must be hidden in this run. Values of replies that are sent as secrets are added.
    run_secrets& secrets;
    const carillon::job& job;
    const run_record& run;
    /// The values of the job's reply that other jobs of the run are sent with.
    const std::vector<wanted_value>& wanted_values;
    /// Attempts and outcome are written here.
    job_record& record;
    /// The result of the first attempt's wait for a permit. Without it the attempt waits itself.
    std::optional<limiter::permit_result> permit{};
    /// When the job began, by the wall clock and since boot.
    instant begun_at{};
    microseconds begun{0};
};

/** The origin whose permits a job's attempts need. */
std::string origin_of(const job& j);

/**
 * Waits for what a job needs before its coroutine begins: the permit of its first attempt. Of ten
 * thousand jobs at one instant nearly all wait here.
 *
 * `then` is called within this call where a permit is free. It is called with nothing where the job
 * needs none yet: work that was accepted before a crash is polled for.
 */
template <class Handler>
void wait_for_permit(
    services& shared,
    const job& j,
    const job_record& record,
    boost::asio::cancellation_slot slot,
    Handler then)
{
    if (record.polled) return then(std::nullopt);
    std::string origin = origin_of(j);
    if (auto held = shared.limiter->try_acquire(origin))
        return then(limiter::permit_result{.held = std::move(held)});
    shared.limiter->async_acquire(
        std::move(origin), j.deadline, boost::asio::bind_cancellation_slot(slot, std::move(then)));
}

/**
 * Called by `chain_run` for each job of a run.
 *
 * Sends the job's request and judges the reply. Waits and tries again as the job's policy says,
 * until the record has an outcome.
 *
 * Cancellation: `terminal`; the outcome is then `cancelled`.
 */
boost::asio::awaitable<void> perform_job(job_task task);

} // namespace carillon::detail
