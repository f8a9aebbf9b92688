#pragma once

#include "config/table_reader.hpp"
#include <carillon/time/schedule.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::app {

/**
 * Reads the value of a job's key `schedule`: a cron expression, or a table.
 *
 * `in` reads the job's table and `job_name` is the job's, which `H` in cron expressions depends on.
 * Nothing after errors were told.
 */
std::optional<schedule>
read_schedule(reading& r, const std::string& file, table_reader& in, std::string_view job_name);

} // namespace carillon::app
