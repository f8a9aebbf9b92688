#include "config/toml_file.hpp"

#include "config/plain_toml.hpp"

#include <toml++/toml.h>

#include <algorithm>

namespace carillon::app {
namespace {

file_place place_of(const toml::source_region& region)
{
    return {region.begin.line, region.begin.column};
}

/** Copies the parser's tree. */
class copier {
public:
    explicit copier(toml_document& out) : out_(out) {}

    void copy(const toml::table& from, toml_table& to)
    {
        for (const auto& [key, value] : from)
            out_.append(to, out_.keep(key.str()), place_of(key.source()), copied(value));
    }

private:
    toml_node copied(const toml::node& n)
    {
        const file_place at = place_of(n.source());
        if (const auto* table = n.as_table()) {
            toml_table* const made = out_.make_table(at);
            copy(*table, *made);
            return {at, made};
        }
        if (const auto* list = n.as_array()) {
            toml_list* const made = out_.make_list();
            for (const auto& item : *list) out_.append(*made, copied(item));
            return {at, made};
        }
        if (const auto* text = n.as_string()) return {at, out_.keep(text->get())};
        if (const auto* number = n.as_integer()) return {at, number->get()};
        if (const auto* real = n.as_floating_point()) return {at, real->get()};
        if (const auto* truth = n.as_boolean()) return {at, truth->get()};
        return toml_node::date(at);
    }

    toml_document& out_;
};

} // namespace

std::optional<toml_mistake> parse_toml(toml_document& out)
{
    if (parse_plain_toml(out)) return std::nullopt;
    out.clear();
    return parse_whole_toml(out);
}

std::optional<toml_mistake> parse_whole_toml(toml_document& out)
{
    try {
        copier(out).copy(toml::parse(out.text()), out.root());
        return std::nullopt;
    } catch (const toml::parse_error& e) {
        const file_place at = place_of(e.source());
        return toml_mistake{
            {std::max(at.line, 1U), std::max(at.column, 1U)}, std::string(e.description())};
    }
}

} // namespace carillon::app
