#pragma once

#include "runner/attempt/progress.hpp"
#include "runner/attempt/run_secrets.hpp"
#include "runner/services/services.hpp"
#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace carillon::detail {

/** One job of a run, to be brought to its outcome. Everything it names must outlive @ref
 * perform_job. */
struct job_task {
    services& shared;
    /// What must be hidden in this run; values of replies that are sent as secrets are added.
    run_secrets& secrets;
    const carillon::job& job;
    const run_record& run;
    /// Of the job's reply: what others of the run are sent with.
    const std::vector<wanted_value>& wanted_values;
    /// Where attempts and outcome are written.
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
 * Sends a job's request, judges the reply, waits and tries again as its policy says, until the
 * record has an outcome.
 *
 * Cancellation: `terminal`; the outcome is then `cancelled`.
 */
boost::asio::awaitable<void> perform_job(job_task task);

} // namespace carillon::detail
