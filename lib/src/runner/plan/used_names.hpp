#pragma once

#include <carillon/store/job_memory.hpp>
#include <carillon/time/schedule.hpp>

#include <cstdint>
#include <vector>

namespace carillon::detail {

/** How often runs have been named after an instant of these ticks. */
std::int64_t uses_of(const std::vector<used_span>& used, const grid& ticks, instant at) noexcept;

/** Marks an instant as used once more. If there are too many spans, a schedule of points of time
 * forgets its oldest one. A rhythm merges its two oldest into one, in which all names count as
 * used. */
void add_use(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at);

/** Undoes the last @ref add_use of the instant. */
void take_use_back(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at);

/** Adapts the names to a new schedule; `is_same` if it has the same instants. A rhythm keeps
 * names of other instants: any time between them counts as used. Points of time keep only their
 * own. */
void adopt_uses(const schedule& now, bool is_same, std::vector<used_span>& used);

} // namespace carillon::detail
