#pragma once

#include <optional>
#include <string>
#include <string_view>

/** Small functions on text that the standard library lacks. None depends on the locale. */
namespace carillon::detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr char to_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_letter(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/** Whether `c` may stand in the names of jobs: letters, digits, '.', '_' and '-'. */
constexpr bool is_name_character(char c) noexcept
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

/** Whether `c` is a control character: C0 or DEL. */
constexpr bool is_control(char c) noexcept
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/** `an` before the one word of carillon's messages that needs it, else `a`. */
constexpr std::string_view article(std::string_view noun) noexcept
{
    return noun == "hour" ? "an" : "a";
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/** `text` without the spaces and tabs at its ends. */
std::string_view trimmed(std::string_view text) noexcept;

/** Percent-encodes all but unreserved characters (RFC 3986 section 2.1). */
std::string percent_encode(std::string_view text);

/** RFC 4648 section 4. */
std::string base64(std::string_view bytes);

/** One character of a text in UTF-8. */
struct character {
    /// In bytes.
    std::size_t size = 1;
    /// Nothing if the byte begins no UTF-8 character (RFC 3629).
    std::optional<char32_t> value{};
};

/** The character that begins at byte `at`, which is within `text`. */
character character_at(std::string_view text, std::size_t at) noexcept;

/** Controls (C0, DEL, C1), Unicode's line ends, and what turns the direction of the text after it:
 * terminals and viewers break, colour or reorder lines at them. */
constexpr bool is_hidden(char32_t c) noexcept
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/** What JSON and people write for the usual white space, such as `\n`; empty for any other
 * character. */
std::string_view short_escape(char32_t c) noexcept;

/** `text` for one line of a terminal or log: `\n`, `\r`, `\t`, and each byte of another hidden
 * character, or of what is no UTF-8, as `\xNN`. */
std::string visible(std::string_view text);

/** Appends the same. */
void append_visible(std::string& out, std::string_view text);

/**
 * `text`, cut to at most `max_bytes` between UTF-8 characters. A cut text ends with `...`.
 */
std::string shorten(std::string_view text, std::size_t max_bytes);

} // namespace carillon::detail
