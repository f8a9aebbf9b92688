#pragma once

#include "base/terminal.hpp"
#include "text/planned_instant.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::app {

/** `1 job`, `2 jobs`. */
std::string count_of_jobs(std::size_t n);

/** `there is no job 'bakup' (did you mean 'backup'?)` */
std::string no_such_job(const job_set& jobs, std::string_view name);

/** A job as programs see it, `{job, title, chain, ...}`, as of one that has never run and has no
 * next instant. */
boost::json::object job_as_json(const job_set& jobs, job_index i);

/** Puts a job's next instant into its JSON: `next`, and `due` where jitter makes it run later. */
void add_next(const planned_instant& next, boost::json::object& to);

/**
 * All jobs with their chains, schedules and next three instants, for people, with secrets hidden.
 *
 * The instants are those of a daemon that starts now: what has passed since boot is due at once.
 */
std::string describe_jobs(const job_set& jobs, const time_source& time, const screen& to);

/**
 * The same as JSON: `{"jobs": [...], "busiest_second": {...} or null}`.
 *
 * A job's `next` is its first instant, which may have passed and is then due at once; `dst` is what
 * the next change of its zone's offset does to it, in words, or null.
 */
std::string jobs_as_json(const job_set& jobs, const time_source& time);

} // namespace carillon::app
