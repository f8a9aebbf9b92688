#pragma once

#include "config/job_tables.hpp"
#include "config/problem_places.hpp"
#include <carillon/job/job_set.hpp>

namespace carillon::app {

/** Warns of schedules that never fire again, of TLS that takes any certificate, and of certificate
 * files that cannot be used. Blocks while it reads these files. */
void warn_of_jobs(const job_set& jobs, const job_tables& tables, problem_places& places);

} // namespace carillon::app
