#pragma once

#include "config/table_reader.hpp"

#include <string>

namespace carillon::app {

/// In place of a url that could not be read. Nothing is sent to it: either its error was told, or
/// the configuration is only looked at.
inline constexpr const char* unread_url = "http://invalid";

/** Reads `base_url` over `out`; empty means none. A wrong one is told here, and `out` then stands
 * in for it, so that the urls below it are told only what is wrong with themselves. */
void read_base_url(table_reader& in, std::string& out);

/** Reads `url`, absolute or below `base`. `out` stays empty where there is none. */
void read_url(table_reader& in, const std::string& base, std::string& out);

} // namespace carillon::app
