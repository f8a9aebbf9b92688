#pragma once

#include <carillon/store/job_memory.hpp>
#include <carillon/time/schedule.hpp>

#include <cstdint>
#include <vector>

namespace carillon::detail {

/** How often runs have been named after an instant of these ticks. */
std::int64_t uses_of(const std::vector<used_span>& used, const grid& ticks, instant at) noexcept;

/** Marks an instant as used once more. Where spans become too many, the oldest point of time is
 * forgotten; the oldest of a rhythm become one, whose names count as used throughout. */
void add_use(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at);

/** As though the last run that was named after the instant had not been. */
void take_use_back(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at);

/** What is known of names is for a schedule that has these instants, or others. For a rhythm any
 * time between those of others may be a name; points of time go by their own alone. */
void adopt_uses(const schedule& now, bool is_same, std::vector<used_span>& used);

} // namespace carillon::detail
