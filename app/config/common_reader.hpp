#pragma once

#include "config/table_reader.hpp"
#include <carillon/job/job.hpp>

#include <string>

namespace carillon::app {

/** Reads the keys that `[defaults]` and jobs have in common, but for `base_url`, over what stands
 * in `out`. `in` reads the table, which is in `file`. */
void read_common(reading& r, const std::string& file, table_reader& in, job& out);

} // namespace carillon::app
