#pragma once

#include "time/raw_instants.hpp"
#include <carillon/time/schedule.hpp>

#include <cstdint>

namespace carillon::detail {

/**
 * How many instants in [from, to] the schedule's exclusions leave. The schedule's window is not
 * looked at.
 *
 * It counts from one local midnight to the next. Days with the same exclusions and the same
 * instants are counted once, so ten years take milliseconds, also with fine exclusions.
 */
std::int64_t
count_kept(const schedule& s, const raw_instants& all, instant from, instant to) noexcept;

} // namespace carillon::detail
