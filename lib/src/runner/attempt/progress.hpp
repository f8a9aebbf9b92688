#pragma once

#include "runner/attempt/run_secrets.hpp"
#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>

#include <string>
#include <vector>

namespace carillon::detail {

/** A value of a job's reply that other jobs of the run are sent with. */
struct wanted_value {
    /// RFC 6901.
    std::string pointer;
    /// It is sent as a secret, so no store may hold it.
    bool is_secret = false;
};

/** Whether an attempt of the job has begun. */
bool has_begun(const job_record& job) noexcept;

/** Whether a job's endpoint has accepted its work, and is asked for the result. */
bool is_polled(const job_record& record, const job& of) noexcept;

/** Removes what only a job that is running needs; it may be secret. */
void forget_progress(job_record& job);

/** A job's record without its secrets, as a store may hold it. */
job_record as_stored(
    const job_record& job, const std::vector<wanted_value>& wanted, const run_secrets& secrets);

} // namespace carillon::detail
