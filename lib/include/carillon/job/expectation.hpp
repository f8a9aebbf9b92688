#pragma once

#include <carillon/job/job.hpp>

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/** Lists and objects of a reply's JSON may stand this deep within each other. */
inline constexpr std::size_t max_reply_depth = 100;

/** The parts of a reply that are judged. */
struct reply {
    int http_status = 0;
    /// The status line's words, such as `Internal Server Error`; the standard's words are used
    /// where it is empty.
    std::string_view reason_phrase;
    std::string_view body;
    /// The header `Content-Encoding` (RFC 9110 section 8.4); it tells why a body is no JSON.
    std::string_view content_encoding{};
};

/** What a reply comes to. */
struct verdict {
    /// The HTTP status is accepted and the JSON holds all that is asked.
    bool accepted = false;
    /// The HTTP status is accepted, but the body does not satisfy `expectation::json`.
    bool breaks_json = false;
    /// The reply's `/status`; `error` where it has none, or where it says what was expected and the
    /// HTTP status does not.
    std::string status;
    /// The text for people: the reply's own, or what went wrong.
    std::string message;
    /// Why the reply was not accepted: `/status is "error", not "completed"`; empty where it was.
    std::string error;
};

/**
 * Judges a reply by what is expected of it; `message` is the JSON pointer to the text for people.
 * Total: every body has a verdict, however malformed.
 *
 * The verdict's texts may quote the reply: hide secrets in them, then shorten them, before anyone
 * sees them.
 *
 * Values compare as JSON does: numbers by value, so 1 and 1.0 are equal, and exactly, be they whole
 * or not. The body is read as @ref parse_reply does.
 */
verdict judge(const expectation& expect, std::string_view message, const reply& r);

/**
 * Reads a reply's body as JSON (RFC 8259); nothing if it is none, or is nested deeper than
 * @ref max_reply_depth.
 *
 * A byte order mark in front does not count; of a key given twice the last does. Whole numbers from
 * -2^63 to 2^64-1 are kept as such, any other number as the nearest double, infinity where it is
 * too large. The text must be UTF-8, surrogates come in pairs.
 */
std::optional<boost::json::value> parse_reply(std::string_view body);

/** `HTTP 500 Internal Server Error`. */
std::string describe_status(int status, std::string_view reason_phrase);

/** Why a text is no JSON pointer (RFC 6901); empty where it is one. */
std::string_view json_pointer_problem(std::string_view pointer) noexcept;

} // namespace carillon
