#pragma once

#include <carillon/runner/log_entry.hpp>

#include <string>

namespace carillon::app {

/** How a sink writes a record. */
enum class log_format {
    /// For people.
    text,
    /// One JSON object a line.
    json,
    /// `key=value` pairs.
    logfmt,
    /// The lines that PIN-112's script wrote.
    classic,
};

/** A record as one line without its end, control characters escaped; empty where the format has no
 * line for it. */
std::string format_entry(const log_entry& e, log_format format);

} // namespace carillon::app
