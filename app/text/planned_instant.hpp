#pragma once

#include <carillon/job/job.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/schedule.hpp>

#include <string>

namespace carillon::app {

/** An instant that a schedule names, and how much later jitter lets it run. */
struct planned_instant {
    instant at{};
    microseconds delay{0};

    instant due() const { return at + delay; }

    friend bool operator==(const planned_instant&, const planned_instant&) = default;
};

/** One of a job's instants, whose schedule this is. */
planned_instant planned(const job& j, const occurrences& instants, instant at);

/** `2026-11-28T17:44:57+01:00`, or `2026-11-28T17:44:57+01:00 + 3min 5s`. */
std::string in_words(const planned_instant& p);

} // namespace carillon::app
