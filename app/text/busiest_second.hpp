#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/time/schedule.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon::app {

/** A second in which several runs are due. */
struct crowded_second {
    instant begin{};
    int runs = 0;
    /// More schedules would have had to be looked at.
    bool is_estimate = false;
    /// The first few of the jobs.
    std::vector<std::string> jobs{};
};

/**
 * The second of the day after `now` in which most runs are due, the first of several such; nothing
 * if no second has two of them.
 *
 * It walks the day's instants of each schedule, ten million of them at the most.
 */
std::optional<crowded_second>
busiest_second(const job_set& jobs, const time_origins& origins, instant now);

/** `2026-...: 12 runs are due, of a, b, c and others`. */
std::string in_english(const crowded_second& s);

} // namespace carillon::app
