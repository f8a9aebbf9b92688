#pragma once

#include <string>
#include <string_view>

namespace carillon::detail {

/** HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a text under a key, in lower-case hexadecimal digits. */
std::string hmac_sha256(std::string_view key, std::string_view text);

} // namespace carillon::detail
