#pragma once

#include <carillon/error.hpp>

#include <boost/json/value.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** No value that is put into a text may be larger: a reply is not there to be sent on whole. */
inline constexpr std::size_t max_filled_value_bytes = std::size_t{64} * 1024;

/** Where a text is sent, and so how the values put into it are escaped. */
enum class placement {
    /// Percent-encoded (RFC 3986 section 2.1), so that a value is one segment, or one value. A
    /// segment of one dot or two is refused.
    url,
    /// As it is; a value with a control character other than a tab is refused.
    header,
    /// Within a JSON string escaped as such (RFC 8259 section 7), elsewhere as a JSON value:
    /// `attempt` a number, a reply's value as it is, null too, all else in quotes.
    json,
    /// Percent-encoded.
    form,
    /// As it is.
    text,
};

/** A value of an earlier reply of the same run: `{{jobs.NAME/pointer}}`. */
struct reply_reference {
    std::string job;
    /// RFC 6901; empty for the whole reply.
    std::string pointer;

    friend bool operator==(const reply_reference&, const reply_reference&) = default;
};

/** What the placeholders of a text stand for. */
struct template_values {
    std::string_view job;
    std::string_view run;
    std::string_view scheduled_at;
    int attempt = 1;
    /// A value of an earlier reply; null where there is none.
    std::function<const boost::json::value*(const reply_reference&)> reply{};
};

/** Whether `{{` stands in a text: whatever has none is sent as it is. */
bool has_placeholders(std::string_view text) noexcept;

/**
 * What is wrong with a text's placeholders, or nothing.
 *
 * They are `{{job}}`, `{{run}}`, `{{scheduled_at}}`, `{{attempt}}` and `{{jobs.NAME/pointer}}`,
 * or `{{jobs.NAME}}` for the whole reply, blanks inside the braces not counting; `{{{{` stands for
 * two braces. The error's place is that of the `{{`.
 */
std::optional<parse_error> template_problem(std::string_view text);

/** The replies that a text without problems needs, each once. */
std::vector<reply_reference> reply_references(std::string_view text);

/**
 * The text with its placeholders filled in; the error says for which one there is no value, or one
 * that cannot stand there. What @ref template_problem finds is an error here, too.
 *
 * A reply's string is put in as its text, any other value as compact JSON; null is a value only
 * where JSON stands. In what was filled in no placeholders are looked for.
 */
parse_result<std::string>
fill_in(std::string_view text, placement where, const template_values& values);

} // namespace carillon
