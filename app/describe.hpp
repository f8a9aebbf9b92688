#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/time/time_source.hpp>

#include <string>

namespace carillon::app {

/** A schedule in plain English: `5min after boot, then every 15min (within 1min)`. */
std::string describe(const schedule& s);

/** All jobs with their chains, schedules and next instants, for people, with secrets hidden. */
std::string describe_jobs(const job_set& jobs, const time_source& time);

/** The same as JSON: `{"jobs": [...]}`. */
std::string jobs_as_json(const job_set& jobs, const time_source& time);

} // namespace carillon::app
