#pragma once

#include "config/table_reader.hpp"

#include <string>

namespace carillon::app {

/// In place of a url that could not be read. Nothing is sent to it: either its error was reported,
/// or the configuration is only looked at.
inline constexpr const char* unread_url = "http://invalid";

/** Reads `base_url` over `out`; empty means none. A wrong one is reported here. `out` then gets a
 * valid one in its place, so that only mistakes of their own are reported for the urls below it. */
void read_base_url(table_reader& in, std::string& out);

/** Reads `url`, absolute or below `base`. `out` stays empty where there is none. */
void read_url(table_reader& in, const std::string& base, std::string& out);

} // namespace carillon::app
