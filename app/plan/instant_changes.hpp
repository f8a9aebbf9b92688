#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/time/schedule.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon::app {

/** What becomes of an instant when one set of jobs takes the place of another. */
struct instant_change {
    enum class kind {
        /// It becomes due.
        appears,
        /// It is no longer due.
        vanishes,
        /// Its schedule has as many as before, and this one stands for that at `from`.
        moves,
    };

    kind what = kind::appears;
    std::string job;
    instant at;
    /// Of one that moves.
    instant from{};

    friend bool operator==(const instant_change&, const instant_change&) = default;
};

struct instant_changes {
    /// The first of them job by job, at most @ref listed.
    std::vector<instant_change> list{};
    /// All, those that are not listed too.
    std::int64_t appear = 0;
    std::int64_t vanish = 0;
    std::int64_t move = 0;

    static constexpr std::size_t listed = 1000;

    bool empty() const { return appear + vanish + move == 0; }
};

/**
 * Which instants of the day after `now` the schedules of `after` have that those of `before` lack,
 * and the other way round. `origins` are those of the daemon.
 *
 * After a million instants it counts all that are left as vanished or appeared.
 */
instant_changes changes_of_the_coming_day(
    const job_set& before, const job_set& after, const time_origins& origins, instant now);

} // namespace carillon::app
