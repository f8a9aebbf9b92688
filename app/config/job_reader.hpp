#pragma once

#include "config/table_reader.hpp"
#include <carillon/job/job.hpp>

#include <string>
#include <string_view>

namespace carillon::app {

/** What every job inherits. */
struct job_defaults {
    std::string base_url;
    /// A job without name, url and trigger.
    job values;
};

/** Reads the keys that `[defaults]` may have, over what stands in `out`. */
void read_defaults(reading& r, const std::string& file, const toml_table& table, job_defaults& out);

/** Reads a job's table over the defaults. */
job read_job(
    reading& r,
    const std::string& file,
    std::string_view name,
    const toml_table& table,
    const job_defaults& defaults);

} // namespace carillon::app
