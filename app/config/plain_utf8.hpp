#pragma once

#include <string_view>

namespace carillon::app {

bool is_ascii(std::string_view text);

/** Whether a text is UTF-8 (RFC 3629) whose characters are all seen: beyond ASCII no blank, no end
 * of a line, no mark. */
bool is_plain_utf8(std::string_view text);

} // namespace carillon::app
