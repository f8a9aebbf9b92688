#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <variant>

namespace json = boost::json;

namespace carillon::detail {
namespace {

/** Whether a JSON string of it needs no escape (RFC 8259 section 7). Most do not. */
bool is_plain(std::string_view text)
{
    return std::none_of(
        text.begin(), text.end(), [](char c) { return is_control(c) || c == '"' || c == '\\'; });
}

bool is_ascii(std::string_view text)
{
    return std::all_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/** A text that is UTF-8. */
void append_text(std::string& out, json::string_view text)
{
    if (!is_plain({text.data(), text.size()})) {
        out += json::serialize(text);
        return;
    }
    out += '"';
    out.append(text.data(), text.size());
    out += '"';
}

// Recursion is as deep as the value, which a parser bounds.
void append(std::string& out, const json::value& v) // NOLINT(misc-no-recursion)
{
    if (v.is_double()) {
        append_json(out, v.get_double());
    } else if (const auto* list = v.if_array()) {
        out += '[';
        for (const json::value& item : *list) {
            if (&item != list->begin()) out += ',';
            append(out, item);
        }
        out += ']';
    } else if (const auto* object = v.if_object()) {
        out += '{';
        for (const auto& [key, value] : *object) {
            if (&value != &object->begin()->value()) out += ',';
            append_text(out, key);
            out += ':';
            append(out, value);
        }
        out += '}';
    } else if (const auto* text = v.if_string()) {
        append_text(out, *text);
    } else if (v.is_int64()) {
        out += fmt::format_int(v.get_int64()).c_str();
    } else {
        out += json::serialize(v);
    }
}

} // namespace

std::string json_text(const json::value& v)
{
    std::string out;
    append(out, v);
    return out;
}

void append_json(std::string& out, double number)
{
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    const std::size_t begin = out.size();
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

void append_json(std::string& out, std::string_view text)
{
    if (is_ascii(text))
        append_text(out, {text.data(), text.size()});
    else
        append_text(out, as_utf8(text));
}

json::value to_value(const json_primitive& p)
{
    return std::visit([](const auto& v) { return json::value(v); }, p);
}

json::string as_utf8(std::string_view text)
{
    json::string out;
    for (std::size_t i = 0; i < text.size();) {
        const character c = character_at(text, i);
        const std::string_view part = c.value ? text.substr(i, c.size) : "\xEF\xBF\xBD"; // U+FFFD
        out.append(json::string_view(part.data(), part.size()));
        i += c.size;
    }
    return out;
}

} // namespace carillon::detail
