#pragma once

#include "base/bad_text.hpp"
#include "base/terminal.hpp"
#include <carillon/error.hpp>
#include <carillon/job/job_set.hpp>
#include <carillon/time/schedule.hpp>
#include <carillon/time/time_source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon::app {

/** What `carillon next` was asked for. */
struct next_options {
    std::string job{};
    std::string cron{};
    std::string calendar{};
    std::string every{};
    int count = 10;
    /// Of the expression, and of what is shown; else each schedule's own.
    std::string zone{};
    std::string from{};
    bool utc_only = false;
    bool as_json = false;
};

/** The coming instants of one schedule. */
struct coming {
    /// The job, or the expression.
    std::string name{};
    time_zone zone{};
    std::vector<instant> instants{};
    /// How much later each of a job's runs, where it has jitter; else empty.
    std::vector<microseconds> delays{};
};

/** The instants of the expression that the options give, from `now` on unless they say otherwise.
 */
boost::system::result<coming, bad_text> find_next(const next_options& o, const time_source& time);

/** Those of a job, or of the job that begins its chain where it waits for others. */
boost::system::result<coming, bad_text>
find_next(const next_options& o, const job_set& jobs, job_index job, const time_source& time);

/** A table for people: local time, UTC, and how long until then, with jitter. */
std::string as_table(const coming& c, instant now, bool utc_only, const screen& to);

/** `{"name", "timezone", "instants": [...]}`, with jitter also `"due": [...]`. */
std::string as_json(const coming& c);

} // namespace carillon::app
