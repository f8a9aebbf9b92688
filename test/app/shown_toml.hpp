#pragma once

#include "config/toml_tree.hpp"

#include <fmt/format.h>

#include <string>

namespace carillon::test {

/** All that a reader can see of a value, to compare what two parsers make of a text. */
std::string shown(const app::toml_node& n);

inline std::string shown(const app::toml_table& table)
{
    std::string out = fmt::format("{{@{}:{} ", table.place().line, table.place().column);
    for (const app::toml_entry& e : table)
        out += fmt::format("{}@{}:{}={}, ", e.name, e.place.line, e.place.column, shown(e.value));
    return out + "}";
}

inline std::string shown(const app::toml_list& list)
{
    std::string out = "[";
    for (const app::toml_node& item : list) out += shown(item) + ", ";
    return out + "]";
}

inline std::string shown(const app::toml_node& n)
{
    std::string out = fmt::format("{}:{} ", n.place().line, n.place().column);
    if (const auto* table = n.as_table()) return out + shown(*table);
    if (const auto* list = n.as_list()) return out + shown(*list);
    if (const auto* text = n.as_text()) return out + "'" + std::string(*text) + "'";
    if (const auto* number = n.as_integer()) return out + std::to_string(*number);
    if (const auto* real = n.as_real()) return out + fmt::format("{:a}", *real);
    if (const auto* truth = n.as_boolean()) return out + (*truth ? "true" : "false");
    return out + "date";
}

} // namespace carillon::test
