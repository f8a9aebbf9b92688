#include "base/json_number.hpp"
#include "base/json_parse.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/expectation.hpp>

#include <boost/json/error.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <variant>

namespace json = boost::json;

namespace carillon {
namespace {

std::string_view standard_reason(int status) noexcept
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 425:
        return "Too Early";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return {};
    }
}

/** Equality by value. For Boost.JSON 1 and 1.0 differ. */
bool same(const json::value& found, const json_primitive& wanted)
{
    if (const auto* text = std::get_if<std::string>(&wanted))
        return found.is_string() && found.get_string() == *text;
    const json::value other = detail::to_value(wanted);
    const auto order = detail::compare_numbers(found, other);
    return order == std::partial_ordering::unordered ? found == other : order == 0;
}

bool is_given(const json_primitive& bound) noexcept
{
    return !std::holds_alternative<std::nullptr_t>(bound);
}

std::string text_of(const json_primitive& p) { return detail::json_text(detail::to_value(p)); }

const json::value* find(const json::value& root, std::string_view pointer)
{
    error_code ec;
    return root.find_pointer(pointer, ec);
}

/** A value as people read it: a text as it is, anything else as compact JSON. */
std::string readable(const json::value& v)
{
    return v.is_string() ? std::string(v.get_string()) : detail::json_text(v);
}

/** The same within a message. JSON has no word for infinity. */
std::string quoted(const json::value& v)
{
    const auto* d = v.if_double();
    return d != nullptr && std::isinf(*d) ? "a number too large" : detail::json_text(v);
}

bool is_within_bounds(const json_check& check, const json::value& found)
{
    using detail::compare_numbers, detail::to_value;
    return (!is_given(check.min) || compare_numbers(found, to_value(check.min)) >= 0) &&
           (!is_given(check.max) || compare_numbers(found, to_value(check.max)) <= 0);
}

bool accepts(const json_check& check, const json::value& found)
{
    if (check.any_of.empty()) return is_within_bounds(check, found);
    return std::any_of(check.any_of.begin(), check.any_of.end(), [&](const auto& wanted) {
        return same(found, wanted);
    });
}

std::string wanted_values(const json_check& check)
{
    std::string out;
    for (const json_primitive& v : check.any_of) out += (out.empty() ? "" : " or ") + text_of(v);
    return out;
}

/** `from 1 to 5`, `at least 1` */
std::string wanted_bounds(const json_check& check)
{
    if (!is_given(check.max)) return "at least " + text_of(check.min);
    if (!is_given(check.min)) return "at most " + text_of(check.max);
    return fmt::format("from {} to {}", text_of(check.min), text_of(check.max));
}

std::string wanted(const json_check& check, const json::value& found)
{
    if (!check.any_of.empty()) return wanted_values(check);
    const std::string bounds = wanted_bounds(check);
    if (found.is_number()) return bounds;
    return (bounds.starts_with("at") ? "a number of " : "a number ") + bounds;
}

/** `/status is "error", not "completed"`, or nothing if the check holds. */
std::string complaint(const json_check& check, const json::value& root)
{
    const json::value* found = find(root, check.pointer);
    if (found == nullptr) return fmt::format("the reply has no {}", check.pointer);
    if (accepts(check, *found)) return {};
    return fmt::format("{} is {}, not {}", check.pointer, quoted(*found), wanted(check, *found));
}

result<json::value> read_json(std::string_view body, json::storage_ptr memory = {})
{
    // This mark must not be written in front of JSON, but readers may ignore it (RFC 8259 section
    // 8.1). Some servers write it.
    static constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
    return detail::parse_json(body, max_reply_depth, std::move(memory));
}

struct parsed_body {
    std::optional<json::value> value;
    std::string problem; // why there is no JSON object
};

std::string why_not_json(const error_code& ec, std::string_view encoding)
{
    if (!encoding.empty() && !detail::equals_ignoring_case(encoding, "identity"))
        return fmt::format("reply is compressed ({}), which carillon does not read", encoding);
    return ec == json::error::too_deep ? "reply's JSON is nested too deep" : "reply is not JSON";
}

parsed_body parse_body(const reply& r, const json::storage_ptr& memory)
{
    if (r.body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return {std::nullopt, "empty reply"};
    auto value = read_json(r.body, memory);
    if (!value) return {std::nullopt, why_not_json(value.error(), r.content_encoding)};
    std::string problem = value->is_object() ? "" : "reply is not a JSON object";
    return {std::move(*value), std::move(problem)};
}

/** The reply's own word, its `/status`, unless the HTTP status contradicts it. */
std::string reply_status(
    const expectation& expect, const json::value& root, bool status_accepted, bool accepted)
{
    const json::value* found = find(root, "/status");
    if (found == nullptr || found->is_null()) return accepted ? "completed" : "error";
    const auto about_status = [](const json_check& c) { return c.pointer == "/status"; };
    const auto check = std::find_if(expect.json.begin(), expect.json.end(), about_status);
    if (!status_accepted && check != expect.json.end() && accepts(*check, *found)) return "error";
    return readable(*found);
}

std::string reply_message(std::string_view pointer, const json::value& root, const reply& r)
{
    const json::value* found = find(root, pointer);
    if (found != nullptr && !found->is_null()) return readable(*found);
    return r.http_status / 100 == 2 ? "No message"
                                    : describe_status(r.http_status, r.reason_phrase);
}

} // namespace

bool contains(const std::vector<status_range>& ranges, int status) noexcept
{
    return std::any_of(ranges.begin(), ranges.end(), [&](const status_range& range) {
        return status >= range.first && status <= range.last;
    });
}

verdict judge(const expectation& expect, std::string_view message, const reply& r)
{
    const bool status_accepted = contains(expect.status, r.http_status);
    // Most replies are small, and need no more than this.
    std::array<unsigned char, 2048> first; // NOLINT(*-member-init): it is written before it is read
    json::monotonic_resource memory(first.data(), first.size());
    const parsed_body body = parse_body(r, &memory);

    verdict v;
    if (!status_accepted) v.error = describe_status(r.http_status, r.reason_phrase);
    if (status_accepted && !expect.json.empty()) {
        if (!body.value) v.error = body.problem;
        for (std::size_t i = 0; body.value && v.error.empty() && i < expect.json.size(); ++i)
            v.error = complaint(expect.json[i], *body.value);
        v.breaks_json = !v.error.empty();
    }
    v.accepted = v.error.empty();

    if (body.value && body.value->is_object()) {
        v.status = reply_status(expect, *body.value, status_accepted, v.accepted);
        v.message = reply_message(message, *body.value, r);
    } else {
        v.status = v.accepted ? "completed" : "error";
        v.message = v.accepted ? "No message" : status_accepted ? body.problem : v.error;
    }
    return v;
}

std::optional<json::value> parse_reply(std::string_view body)
{
    auto value = read_json(body);
    return value ? std::optional(std::move(*value)) : std::nullopt;
}

std::string describe_status(int status, std::string_view reason_phrase)
{
    const std::string_view words = reason_phrase.empty() ? standard_reason(status) : reason_phrase;
    return words.empty() ? fmt::format("HTTP {}", status)
                         : fmt::format("HTTP {} {}", status, words);
}

std::string_view json_pointer_problem(std::string_view pointer) noexcept
{
    if (!pointer.empty() && pointer.front() != '/')
        return "a JSON pointer begins with '/', such as /status";
    for (std::size_t at = pointer.find('~'); at != std::string_view::npos;
         at = pointer.find('~', at + 1)) {
        const char next = at + 1 < pointer.size() ? pointer[at + 1] : '\0';
        if (next != '0' && next != '1')
            return "'~' in a JSON pointer is followed by 0 or 1 (RFC 6901)";
    }
    return {};
}

} // namespace carillon
