#pragma once

#include <carillon/job/run.hpp>

#include <random>

namespace carillon::detail {

/** RFC 9562 section 5.7: 48 bits of milliseconds, the rest is random except for version and
 * variant. */
run_id make_run_id(instant now, std::mt19937_64& random);

} // namespace carillon::detail
