#pragma once

#include <cstdint>
#include <optional>

namespace carillon::http::detail {

/**
 * How many bytes a TCP connection's peer has acknowledged so far (tcp(7), TCP_INFO); nothing where
 * the socket is of another kind.
 *
 * Still known after the connection has broken.
 */
std::optional<std::uint64_t> bytes_acknowledged(int descriptor) noexcept;

} // namespace carillon::http::detail
