#pragma once

#include <string>
#include <string_view>

/** Small questions about ASCII text that the standard library leaves open; none depends on the
 * locale. */
namespace carillon::detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr char to_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/** Whether `c` is a control character: C0 or DEL. */
constexpr bool is_control(char c) noexcept
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/** RFC 3986 section 2.1: everything but unreserved characters as `%XX`. */
std::string percent_encode(std::string_view text);

/** RFC 4648 section 4. */
std::string base64(std::string_view bytes);

/**
 * `text` cut to at most `max_bytes` at the border of a UTF-8 character, with `...` at the end where
 * something was cut.
 */
std::string shorten(std::string_view text, std::size_t max_bytes);

} // namespace carillon::detail
