#include "service/systemd.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace carillon::app {
namespace {

/// A service manager that does not read is waited for no longer.
constexpr timeval patience{.tv_sec = 1, .tv_usec = 0};

std::string_view variable(const char* name)
{
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::optional<std::uint64_t> number_in(const char* name)
{
    const std::string_view text = variable(name);
    std::uint64_t out = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

/** The socket's address, and its size; 0 where `path` is none. */
socklen_t make_address(std::string_view path, sockaddr_un& out)
{
    const bool is_abstract = path.starts_with('@');
    if (path.size() < 2 || path.size() >= sizeof out.sun_path) return 0;
    if (!is_abstract && !path.starts_with('/')) return 0;
    out.sun_family = AF_UNIX;
    path.copy(out.sun_path, path.size());
    if (is_abstract) out.sun_path[0] = '\0'; // unix(7)
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
}

} // namespace

void notify_systemd(const std::string& state)
{
    sockaddr_un to{};
    const socklen_t size = make_address(variable("NOTIFY_SOCKET"), to);
    if (size == 0) return;
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const auto send = [&] {
        return ::sendto(
            fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
            size);
    };
    while (send() < 0 && errno == EINTR) {
    }
    ::close(fd);
}

std::string reloading_state()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto since = std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
    return "RELOADING=1\nMONOTONIC_USEC=" +
           std::to_string(std::chrono::floor<std::chrono::microseconds>(since).count());
}

std::optional<std::chrono::microseconds> watchdog_interval()
{
    const auto allowed = number_in("WATCHDOG_USEC");
    if (!allowed || *allowed == 0) return std::nullopt;
    const bool is_for_another = !variable("WATCHDOG_PID").empty() &&
                                number_in("WATCHDOG_PID") != static_cast<std::uint64_t>(::getpid());
    if (is_for_another) return std::nullopt;
    return std::chrono::microseconds{static_cast<std::int64_t>(*allowed / 2)};
}

} // namespace carillon::app
