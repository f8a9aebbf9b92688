#include <carillon/detail/json_text.hpp>
#include <carillon/job/expectation.hpp>

#include <boost/json/parse.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

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

std::optional<double> as_number(const json::value& v) noexcept
{
    if (v.is_int64()) return static_cast<double>(v.get_int64());
    if (v.is_uint64()) return static_cast<double>(v.get_uint64());
    if (v.is_double()) return v.get_double();
    return std::nullopt;
}

/** Equality by value; Boost.JSON's own holds 1 and 1.0 apart. Whole numbers are compared as such.
 */
bool same(const json::value& a, const json::value& b) noexcept
{
    if (a == b) return true;
    if (!a.is_double() && !b.is_double()) return false;
    const auto x = as_number(a);
    const auto y = as_number(b);
    return x && y && *x == *y;
}

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

bool satisfies(const json_check& check, const json::value& root)
{
    const json::value* found = find(root, check.pointer);
    return found != nullptr &&
           std::any_of(check.any_of.begin(), check.any_of.end(), [&](const json::value& wanted) {
               return same(*found, wanted);
           });
}

std::string wanted_values(const json_check& check)
{
    std::string out;
    for (const json::value& v : check.any_of)
        out += (out.empty() ? "" : " or ") + detail::json_text(v);
    return out;
}

/** `/status is "error", not "completed"`, or nothing where the check holds. */
std::string complaint(const json_check& check, const json::value& root)
{
    if (satisfies(check, root)) return {};
    const json::value* found = find(root, check.pointer);
    if (found == nullptr) return fmt::format("the reply has no {}", check.pointer);
    return fmt::format(
        "{} is {}, not {}", check.pointer, detail::json_text(*found), wanted_values(check));
}

struct parsed_body {
    std::optional<json::value> value;
    std::string problem; // why there is no JSON object
};

parsed_body parse_body(std::string_view body)
{
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return {std::nullopt, "empty reply"};
    error_code ec;
    json::value value = json::parse(body, ec);
    if (ec) return {std::nullopt, "reply is not JSON"};
    std::string problem = value.is_object() ? "" : "reply is not a JSON object";
    return {std::move(value), std::move(problem)};
}

/** The reply's own word: its `/status`, unless the HTTP status gives it the lie. */
std::string reply_status(
    const expectation& expect, const json::value& root, bool status_accepted, bool accepted)
{
    const json::value* found = find(root, "/status");
    if (found == nullptr || found->is_null()) return accepted ? "completed" : "error";
    const auto about_status = [](const json_check& c) { return c.pointer == "/status"; };
    const auto check = std::find_if(expect.json.begin(), expect.json.end(), about_status);
    if (!status_accepted && check != expect.json.end() && satisfies(*check, root)) return "error";
    return readable(*found);
}

std::string reply_message(const job& j, const json::value& root, const reply& r)
{
    const json::value* found = find(root, j.message);
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

verdict judge(const job& j, const reply& r)
{
    const bool status_accepted = contains(j.expect->status, r.http_status);
    const parsed_body body = parse_body(r.body);

    verdict v;
    if (!status_accepted) v.error = describe_status(r.http_status, r.reason_phrase);
    if (status_accepted && !j.expect->json.empty()) {
        if (!body.value) v.error = body.problem;
        for (std::size_t i = 0; body.value && v.error.empty() && i < j.expect->json.size(); ++i)
            v.error = complaint(j.expect->json[i], *body.value);
        v.breaks_json = !v.error.empty();
    }
    v.accepted = v.error.empty();

    if (body.value && body.value->is_object()) {
        v.status = reply_status(*j.expect, *body.value, status_accepted, v.accepted);
        v.message = reply_message(j, *body.value, r);
    } else {
        v.status = v.accepted ? "completed" : "error";
        v.message = v.accepted ? "No message" : status_accepted ? body.problem : v.error;
    }
    return v;
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
