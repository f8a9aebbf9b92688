#pragma once

#include "config/toml_tree.hpp"

#include <optional>
#include <string>

namespace carillon::app {

/** Why a text is no TOML. */
struct toml_mistake {
    file_place place;
    /// The parser's own words.
    std::string what;
};

/** Reads a document's text, whole; nothing where it could be read. */
std::optional<toml_mistake> parse_toml(toml_document& out);

/** The same without the reader that is quick on plain files: the tests compare both. */
std::optional<toml_mistake> parse_whole_toml(toml_document& out);

} // namespace carillon::app
