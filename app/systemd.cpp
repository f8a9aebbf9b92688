#include "systemd.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace carillon::app {

void notify_systemd(const std::string& state) { ::sd_notify(0, state.c_str()); }

std::optional<std::chrono::microseconds> watchdog_interval()
{
    std::uint64_t allowed = 0;
    if (::sd_watchdog_enabled(0, &allowed) <= 0) return std::nullopt;
    return std::chrono::microseconds{static_cast<std::int64_t>(allowed / 2)};
}

} // namespace carillon::app
