#pragma once

#include <cstdint>
#include <optional>

namespace carillon::http::detail {

/**
 * How many bytes a TCP connection's peer has acknowledged (tcp(7), TCP_INFO). Nothing if the socket
 * is of another kind. Also works after the connection has broken.
 */
std::optional<std::uint64_t> bytes_acknowledged(int descriptor) noexcept;

} // namespace carillon::http::detail
