#include "config/table_reader.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/job/template.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace carillon::app {
namespace {

std::string_view type_name(const toml_node& n)
{
    switch (n.type()) {
    case toml_node::kind::table:
        return "a table";
    case toml_node::kind::list:
        return "a list";
    case toml_node::kind::text:
        return "a text";
    case toml_node::kind::integer:
    case toml_node::kind::real:
        return "a number";
    case toml_node::kind::boolean:
        return "true or false";
    default:
        return "a date";
    }
}

std::optional<double> number_of(const toml_node& n)
{
    if (const auto* whole = n.as_integer()) return static_cast<double>(*whole);
    if (const auto* real = n.as_real()) return *real;
    return std::nullopt;
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

/** Where a value's secrets stand by its kind. */
std::vector<url_part> secret_parts(const std::string& text, secrecy kind)
{
    if (kind == secrecy::url) return secret_url_parts(text);
    if (kind == secrecy::whole && !text.empty()) return {{0, text.size()}};
    return {};
}

/** Whether what was filled in stands where a value's secrets are; it may be empty. */
bool stands_in_secret(const expansion& value, const filled_part& part, secrecy kind)
{
    if (kind != secrecy::url) return kind == secrecy::whole;
    std::string probe = value.text;
    probe.insert(part.begin, "x");
    const auto secrets = secret_url_parts(probe);
    return std::any_of(secrets.begin(), secrets.end(), [&](const url_part& s) {
        return s.begin <= part.begin && part.begin < s.end;
    });
}

/** Whether a text could be filled in, were all of its values there. */
bool is_well_formed(std::string_view text)
{
    static const variables any{
        .credential = [](const auto&) { return std::nullopt; },
        .environment = [](const auto&) { return "value"; },
        .file = [](const auto&) { return "value"; }};
    return expand(text, any).has_value();
}

/** What is wrong, without the words that it quotes: they may be a part of a secret. */
std::string without_quotes(std::string what)
{
    const std::size_t from = what.find('\'');
    const std::size_t to = what.rfind('\'');
    if (from != to) what.replace(from + 1, to - from - 1, "...");
    return what;
}

} // namespace

std::string to_string(const config_error& e)
{
    if (e.file.empty()) return detail::visible(e.what);
    const std::string key = e.key.empty() ? "" : e.key + ": ";
    return detail::visible(
        fmt::format("{}:{}:{}: {}{}", e.file, e.place.line, e.place.column, key, e.what));
}

std::string key_path::of(std::string_view key) const
{
    const std::string path = outer != nullptr ? outer->of(name) : std::string(name);
    return path.empty() ? std::string(key) : path + "." + std::string(key);
}

const toml_node* table_reader::find(std::string_view key)
{
    known_.push_back(key);
    return table_.get(key);
}

const toml_node* table_reader::any(std::string_view key) { return find(key); }

std::optional<expansion> table_reader::expanded(
    const toml_node& at, const std::string& key, std::string_view text, secrecy kind)
{
    auto value = expand(text, reading_.variables);
    if (!value) {
        tell_unfilled(at, key, text, value.error());
        return std::nullopt;
    }
    for (const filled_part& p : value->parts) {
        const bool is_secret =
            p.from == filled_part::source::secret || stands_in_secret(*value, p, kind);
        if (is_secret && p.from == filled_part::source::environment && p.begin == p.end) {
            tell_unfilled(at, key, text, parse_error(0, p.name + " is empty"));
            return std::nullopt;
        }
        if (p.from == filled_part::source::secret) reading_.secrets.add(value->text_of(p));
        if (is_secret && p.from != filled_part::source::fallback)
            warn_of_edges(at, key, p.name, value->text_of(p));
    }
    keep_secret_parts(at, key, *value, kind);
    return std::move(*value);
}

/** Editors and shells leave marks and blanks around a secret that nobody sees. */
void table_reader::warn_of_edges(
    const toml_node& at, const std::string& key, const std::string& name, std::string_view text)
{
    if (without_edges(text).size() == text.size()) return;
    reading_.warnings.push_back(
        {file_, at.place(), path_.of(key),
         name + " has a byte order mark or blanks around its text, which are sent with it"});
}

void table_reader::tell_unfilled(
    const toml_node& at, const std::string& key, std::string_view text, parse_error why)
{
    if (!reading_.may_lack_values || !is_well_formed(text))
        return fail_at(at, key, std::move(why.what));
    reading_.lacking.push_back({file_, at.place(), path_.of(key), std::move(why.what)});
}

/** Each variable that is used in a secret is a secret. A part of a secret that stands in the file
 * itself is warned of. */
void table_reader::keep_secret_parts(
    const toml_node& at, const std::string& key, const expansion& value, secrecy kind)
{
    if (kind == secrecy::url) collect_url_secrets(value.text, reading_.secrets);
    bool stands_in_file = false;
    for (const url_part& secret : secret_parts(value.text, kind)) {
        const auto part =
            std::string_view(value.text).substr(secret.begin, secret.end - secret.begin);
        // A value of an earlier reply does not stand in the file, and is no secret by itself.
        bool comes_from_outside = has_placeholders(part);
        if (!comes_from_outside) reading_.secrets.add(part);
        for (const filled_part& p : value.parts) {
            if (p.end < secret.begin || p.begin > secret.end) continue;
            reading_.secrets.add(value.text_of(p));
            comes_from_outside = true;
            stands_in_file = stands_in_file || p.has_default;
        }
        stands_in_file = stands_in_file || !comes_from_outside;
    }
    if (stands_in_file)
        reading_.warnings.push_back(
            {file_, at.place(), path_.of(key),
             "a secret stands in the file; use ${NAME} or ${file:PATH}"});
}

std::optional<std::string> table_reader::filled_in(
    const toml_node& at, const std::string& key, std::string_view text, secrecy kind)
{
    auto value = expanded(at, key, text, kind);
    return value ? std::optional(std::move(value->text)) : std::nullopt;
}

bool table_reader::text(std::string_view key, std::string& out, secrecy kind)
{
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    const auto* value = n->as_text();
    if (value == nullptr) {
        fail(key, fmt::format("must be a text, not {}", type_name(*n)));
        return false;
    }
    auto filled = filled_in(*n, std::string(key), *value, kind);
    if (!filled) return false;
    out = std::move(*filled);
    return true;
}

bool table_reader::boolean(std::string_view key, bool& out)
{
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    const auto* value = n->as_boolean();
    if (value == nullptr)
        fail(key, fmt::format("must be true or false, not {}", type_name(*n)));
    else
        out = *value;
    return value != nullptr;
}

bool table_reader::span(std::string_view key, microseconds& out, std::string_view word)
{
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    const std::string also = word.empty() ? "" : fmt::format("; or write \"{}\"", word);
    const auto* value = n->as_text();
    if (value == nullptr) {
        fail(key, fmt::format("must be a span such as \"5min\", not {}{}", type_name(*n), also));
        return false;
    }
    const auto given = expanded(*n, std::string(key), *value, secrecy::none);
    if (!given) return false;
    const auto parsed = parse_span(given->text);
    if (parsed)
        out = *parsed;
    else
        fail(
            key,
            (given->holds_secret() ? without_quotes(parsed.error().what) : parsed.error().what) +
                also);
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
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    const auto* value = n->as_integer();
    if (value == nullptr)
        fail(
            key, fmt::format(
                     "must be a whole number, not {}",
                     n->is(toml_node::kind::real) ? "a fraction" : type_name(*n)));
    else
        out = *value;
    return value != nullptr;
}

bool table_reader::number(std::string_view key, double& out)
{
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    const auto value = number_of(*n);
    if (!value)
        fail(key, fmt::format("must be a number, not {}", type_name(*n)));
    else
        out = *value;
    return value.has_value();
}

bool table_reader::size(std::string_view key, std::size_t& out)
{
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    std::optional<std::size_t> parsed;
    if (const auto* bytes = n->as_integer(); bytes != nullptr && *bytes >= 0)
        parsed = static_cast<std::size_t>(*bytes);
    if (const auto* value = n->as_text()) {
        const auto given = filled_in(*n, std::string(key), *value);
        if (!given) return false;
        parsed = parse_size(*given);
    }
    if (!parsed)
        fail(key, "must be a size such as \"1MiB\", \"64KiB\" or a number of bytes");
    else
        out = *parsed;
    return parsed.has_value();
}

bool table_reader::texts(std::string_view key, std::vector<std::string>& out)
{
    const toml_node* n = find(key);
    if (n == nullptr) return false;
    const auto* list = n->as_list();
    if (list == nullptr || !list->holds_only(toml_node::kind::text)) {
        if (list == nullptr || !list->empty()) {
            fail(key, "must be a list of texts");
            return false;
        }
    }
    out.clear();
    for (const auto& item : *list) {
        auto filled = filled_in(item, std::string(key), *item.as_text());
        if (filled) out.push_back(std::move(*filled));
    }
    return true;
}

const toml_table* table_reader::table(std::string_view key)
{
    const toml_node* n = find(key);
    if (n == nullptr) return nullptr;
    if (!n->is(toml_node::kind::table))
        fail(key, fmt::format("must be a table, not {}", type_name(*n)));
    return n->as_table();
}

void table_reader::fail(std::string_view key, std::string what)
{
    const toml_node* n = table_.get(key);
    add_error(n != nullptr ? n->place() : table_.place(), key, std::move(what));
}

void table_reader::fail_at(const toml_node& at, std::string_view key, std::string what)
{
    add_error(at.place(), key, std::move(what));
}

void table_reader::add_error(file_place at, std::string_view key, std::string what)
{
    reading_.errors.push_back({file_, at, path_.of(key), std::move(what)});
}

void table_reader::finish()
{
    for (const toml_entry& e : table_)
        if (std::find(known_.begin(), known_.end(), e.name) == known_.end())
            add_error(e.place, e.name, "unknown key" + suggestion(e.name, known_));
}

} // namespace carillon::app
