#pragma once

#include <carillon/job/job.hpp>
#include <carillon/time/grid.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/schedule.hpp>

#include <variant>

namespace carillon::detail {

/** Stands for the next instant of a job that has none. */
inline constexpr instant never = instant::max();

/** The schedule of a job that has one. */
inline const schedule& schedule_of(const job& j) { return std::get<schedule>(j.trigger); }

/** a + b, or the latest instant where that would overflow. */
instant saturated_add(instant a, microseconds b);

/** When a run for an instant of the job's schedule may start: the instant and its jitter. */
instant due_time(const job& j, const grid& ticks, instant at);

} // namespace carillon::detail
