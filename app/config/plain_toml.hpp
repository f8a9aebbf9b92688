#pragma once

#include "config/toml_tree.hpp"

namespace carillon::app {

/**
 * Reads the part of TOML that most files are made of, without a look back: heads, keys, texts,
 * whole numbers and plain fractions, true and false, lists, tables in one line.
 *
 * False where the text holds anything else, a mistake above all. The document is then of no use
 * until it is cleared. What it takes means the same as to a parser of the whole language.
 */
bool parse_plain_toml(toml_document& out);

} // namespace carillon::app
