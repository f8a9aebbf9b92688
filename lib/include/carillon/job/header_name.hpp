#pragma once

#include <string_view>

namespace carillon {

/** Whether a text is a token (RFC 9110 section 5.6.2), as names of headers and methods are. */
bool is_token(std::string_view text) noexcept;

/** Why a job cannot send a header of this name; empty where it can. */
std::string_view header_name_problem(std::string_view name) noexcept;

/** Whether carillon sends a header of this name unless a job has one of its own; an empty one of
 * its own means none. */
bool is_sent_by_default(std::string_view name) noexcept;

/** Whether a header's value, or what becomes one, holds a character that it cannot. */
bool has_control(std::string_view value) noexcept;

} // namespace carillon
