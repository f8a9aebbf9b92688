#pragma once

#include "time/raw_instants.hpp"
#include <carillon/time/schedule.hpp>

#include <cstdint>

namespace carillon::detail {

/**
 * How many instants in [from, to] none of the schedule's exclusions takes out; its window does not
 * count.
 *
 * It goes from local midnight to local midnight. Of days that are alike, which exclude the same and
 * have the same instants, one is worked out, so that it makes little difference how finely they
 * are cut: ten years take milliseconds.
 */
std::int64_t
count_kept(const schedule& s, const raw_instants& all, instant from, instant to) noexcept;

} // namespace carillon::detail
