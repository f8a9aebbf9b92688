#pragma once

#include "config/table_reader.hpp"
#include <carillon/job/job.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::app {

/** Reads the table `expect` of the table that `in` reads, over what stands in `out`; false where
 * there is none. */
bool read_expectation(reading& r, const std::string& file, table_reader& in, expectation& out);

/** `503` or `5xx`; nothing if a text is neither. */
std::optional<status_range> parse_status(std::string_view text);

/** A status or a word, with its variables filled in; nothing after its error, that it must be what
 * is `allowed`, was told. */
std::optional<std::string>
status_text(table_reader& t, const char* key, const toml_node& n, const char* allowed);

} // namespace carillon::app
