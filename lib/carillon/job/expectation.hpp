#pragma once

#include <carillon/job/job.hpp>

#include <string>
#include <string_view>

namespace carillon {

/** The parts of a reply that are judged. */
struct reply {
    int http_status = 0;
    /// The status line's words, such as `Internal Server Error`; the standard's words are used
    /// where it is empty.
    std::string_view reason_phrase;
    std::string_view body;
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
 * Judges a reply by what a job expects of it. Total: every body has a verdict, however malformed.
 *
 * The verdict's texts may quote the reply: hide secrets in them, then shorten them, before anyone
 * sees them.
 *
 * Values compare as JSON does: numbers by value, so 1 and 1.0 are equal; of a key given twice the
 * last counts.
 */
verdict judge(const job& j, const reply& r);

/** `HTTP 500 Internal Server Error`. */
std::string describe_status(int status, std::string_view reason_phrase);

/** Why a text is no JSON pointer (RFC 6901); empty where it is one. */
std::string_view json_pointer_problem(std::string_view pointer) noexcept;

} // namespace carillon
