#include "service/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

namespace carillon::app {

void notify_systemd(const std::string& state) { ::sd_notify(0, state.c_str()); }

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
    std::uint64_t allowed = 0;
    if (::sd_watchdog_enabled(0, &allowed) <= 0) return std::nullopt;
    return std::chrono::microseconds{static_cast<std::int64_t>(allowed / 2)};
}

} // namespace carillon::app
