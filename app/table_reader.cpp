#include "table_reader.hpp"

#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace carillon::app {
namespace {

std::string_view type_name(const toml::node& n)
{
    switch (n.type()) {
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return "a list";
    case toml::node_type::string:
        return "a text";
    case toml::node_type::integer:
        return "a number";
    case toml::node_type::floating_point:
        return "a number";
    case toml::node_type::boolean:
        return "true or false";
    default:
        return "a date";
    }
}

std::optional<std::size_t> parse_size(std::string_view text)
{
    std::size_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{}) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    unsigned shift = 0;
    if (unit == "KiB")
        shift = 10;
    else if (unit == "MiB")
        shift = 20;
    else if (unit == "GiB")
        shift = 30;
    else if (!unit.empty() && unit != "B")
        return std::nullopt;
    if (number > std::numeric_limits<std::size_t>::max() >> shift) return std::nullopt;
    return number << shift;
}

} // namespace

std::string to_string(const config_error& e)
{
    if (e.file.empty()) return e.what;
    const std::string place = fmt::format("{}:{}:{}: ", e.file, e.line, e.column);
    return e.key.empty() ? place + e.what : place + e.key + ": " + e.what;
}

const toml::node* table_reader::find(std::string_view key)
{
    known_.push_back(key);
    return table_.get(key);
}

const toml::node* table_reader::any(std::string_view key) { return find(key); }

std::optional<std::string> table_reader::filled_in(
    const toml::node& at, const std::string& key, std::string_view text, bool secret_key)
{
    auto filled = expand(text, reading_.variables);
    if (!filled) {
        fail_at(at, key, filled.error().what);
        return std::nullopt;
    }
    for (const auto& s : filled->secrets) reading_.secrets.add(s);
    if (secret_key) {
        reading_.secrets.add(filled->text);
        for (const auto& v : filled->variables) reading_.secrets.add(v);
        if (filled->secrets.empty() && filled->variables.empty() && !filled->text.empty() &&
            filled->text == text)
            reading_.warnings.push_back(
                {file_, at.source().begin.line, at.source().begin.column, path_ + "." + key,
                 "a secret stands in the file; use ${NAME} or ${file:PATH}"});
    }
    return std::move(filled->text);
}

bool table_reader::text(std::string_view key, std::string& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    const auto* value = n->as_string();
    if (value == nullptr) {
        fail(key, fmt::format("must be a text, not {}", type_name(*n)));
        return false;
    }
    auto filled = filled_in(*n, std::string(key), value->get());
    if (!filled) return false;
    out = std::move(*filled);
    return true;
}

bool table_reader::boolean(std::string_view key, bool& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    const auto* value = n->as_boolean();
    if (value == nullptr)
        fail(key, fmt::format("must be true or false, not {}", type_name(*n)));
    else
        out = value->get();
    return value != nullptr;
}

bool table_reader::span(std::string_view key, microseconds& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    if (!n->is_string()) {
        fail(key, fmt::format("must be a span such as \"5min\", not {}", type_name(*n)));
        return false;
    }
    std::string given;
    if (!text(key, given)) return false;
    const auto parsed = parse_span(given);
    if (!parsed)
        fail(key, parsed.error().what);
    else
        out = *parsed;
    return parsed.has_value();
}

bool table_reader::span(std::string_view key, std::optional<microseconds>& out)
{
    microseconds value{0};
    if (!span(key, value)) return false;
    out = value;
    return true;
}

bool table_reader::integer(std::string_view key, std::int64_t& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    const auto* value = n->as_integer();
    if (value == nullptr)
        fail(key, fmt::format("must be a whole number, not {}", type_name(*n)));
    else
        out = value->get();
    return value != nullptr;
}

bool table_reader::number(std::string_view key, double& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    const auto value = n->is_number() ? n->value<double>() : std::nullopt;
    if (!value)
        fail(key, fmt::format("must be a number, not {}", type_name(*n)));
    else
        out = *value;
    return value.has_value();
}

bool table_reader::size(std::string_view key, std::size_t& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    if (const auto* bytes = n->as_integer(); bytes != nullptr && bytes->get() >= 0) {
        out = static_cast<std::size_t>(bytes->get());
        return true;
    }
    std::string given;
    const auto parsed = n->is_string() && text(key, given) ? parse_size(given) : std::nullopt;
    if (!parsed)
        fail(key, "must be a size such as \"1MiB\", \"64KiB\" or a number of bytes");
    else
        out = *parsed;
    return parsed.has_value();
}

bool table_reader::texts(std::string_view key, std::vector<std::string>& out)
{
    const toml::node* n = find(key);
    if (n == nullptr) return false;
    const auto* list = n->as_array();
    if (list == nullptr || !list->is_homogeneous<std::string>()) {
        if (list == nullptr || !list->empty()) {
            fail(key, "must be a list of texts");
            return false;
        }
    }
    out.clear();
    for (const auto& item : *list) {
        auto filled = filled_in(item, std::string(key), item.as_string()->get());
        if (filled) out.push_back(std::move(*filled));
    }
    return true;
}

const toml::table* table_reader::table(std::string_view key)
{
    const toml::node* n = find(key);
    if (n == nullptr) return nullptr;
    if (!n->is_table()) fail(key, fmt::format("must be a table, not {}", type_name(*n)));
    return n->as_table();
}

void table_reader::fail(std::string_view key, std::string what)
{
    const toml::node* n = table_.get(key);
    fail_at(
        n != nullptr ? *n : static_cast<const toml::node&>(table_), std::string(key),
        std::move(what));
}

void table_reader::fail_at(const toml::node& at, const std::string& key, std::string what)
{
    const auto& from = at.source().begin;
    reading_.errors.push_back(
        {file_, from.line, from.column, path_.empty() ? key : path_ + "." + key, std::move(what)});
}

void table_reader::finish()
{
    for (const auto& [key, value] : table_) {
        if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
        detail::nearest nearest(key.str());
        for (const auto name : known_) nearest.consider(name);
        const auto& from = key.source().begin;
        const std::string name(key.str());
        reading_.errors.push_back(
            {file_, from.line, from.column, path_.empty() ? name : path_ + "." + name,
             "unknown key" + nearest.suggestion()});
    }
}

} // namespace carillon::app
