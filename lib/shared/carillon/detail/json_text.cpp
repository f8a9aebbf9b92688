#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cmath>
#include <variant>

namespace json = boost::json;

namespace carillon::detail {
namespace {

std::string number_text(double d)
{
    if (!std::isfinite(d)) return "null";
    std::string out = fmt::format("{}", d);
    if (out.find_first_of(".e") == std::string::npos) out += ".0";
    return out;
}

// Recursion is as deep as the value, which a parser bounds.
void append(std::string& out, const json::value& v) // NOLINT(misc-no-recursion)
{
    if (v.is_double()) {
        out += number_text(v.get_double());
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
            out += json::serialize(key) + ':';
            append(out, value);
        }
        out += '}';
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
