#include "http/tcp_progress.hpp"

#include <cstddef>

// Linux's own header has the fields that glibc's lacks; the two cannot be included together.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace carillon::http::detail {

std::optional<std::uint64_t> bytes_acknowledged(int descriptor) noexcept
{
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    // An older kernel knows less, and what only plays a kernel may fill in nothing: a peer that has
    // connected has acknowledged that.
    if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked ||
        info.tcpi_bytes_acked == 0)
        return std::nullopt;
    return info.tcpi_bytes_acked;
}

} // namespace carillon::http::detail
