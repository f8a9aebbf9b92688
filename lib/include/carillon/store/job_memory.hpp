#pragma once

#include <carillon/time/grid.hpp>
#include <carillon/time/instant.hpp>

#include <boost/uuid/uuid.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carillon {

/** Instants of one job that passed and are to be caught up with, a run for each. */
struct backlog_span {
    /// Where the schedule has a rate, the ticks that they were of: a later boot has others.
    grid ticks{};
    /// The first and the last of them.
    instant from{};
    instant to{};
    std::int64_t count = 0;

    friend bool operator==(const backlog_span&, const backlog_span&) = default;
};

/// Of instants that are known no more.
inline constexpr grid any_time{.anchor = instant{microseconds{-1}}};

/** Instants of one job, one after another, that runs have been named after. */
struct used_span {
    /// Where the schedule has a rate, the ticks that they are of; @ref any_time where the job had
    /// another schedule.
    grid ticks{};
    instant from{};
    instant to{};
    /// How often: a clock that was set back comes to an instant once more.
    std::int64_t times = 1;

    friend bool operator==(const used_span&, const used_span&) = default;
};

/** What is remembered of a scheduled job from one start of carillon to the next. */
struct job_memory {
    std::string job{};
    /// @ref identity_of_instants of its schedule.
    std::uint64_t schedule = 0;
    /// The first of its instants that is not decided yet: neither run, nor missed, nor in the
    /// backlog. The end of time if no instant is to come.
    instant next = instant::max();
    /// For a schedule that follows elapsed time: the boot, and the time since then, that its first
    /// tick counts from, and that tick's wall time.
    boost::uuids::uuid boot{};
    microseconds origin{0};
    instant anchor{};
    bool enabled = true;
    bool paused = false;
    std::vector<backlog_span> backlog{};
    std::vector<used_span> used{};

    friend bool operator==(const job_memory&, const job_memory&) = default;
};

} // namespace carillon
