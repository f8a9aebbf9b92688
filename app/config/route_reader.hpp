#pragma once

#include "config/table_reader.hpp"
#include <carillon/job/job.hpp>

#include <string>

namespace carillon::app {

/** Reads how a job's endpoint is reached, and how carillon proves to it who it is: `tls`,
 * `unix_socket`, `proxy`, `redirects`, `auth`. What the table says replaces what stands in `out`.
 * `in` reads the table, which is in `file`. */
void read_route(reading& r, const std::string& file, table_reader& in, job& out);

} // namespace carillon::app
