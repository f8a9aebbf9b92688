#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace carillon::app {

/** Tells systemd how the service is, by the protocol of sd_notify(3); nothing happens where
 * NOTIFY_SOCKET names no socket. Takes a second at the most.
 */
void notify_systemd(const std::string& state);

/** What systemd is told when a reload begins, with the present time (systemd.service(5),
 * `notify-reload`). */
std::string reloading_state();

/** How often `WATCHDOG=1` is due: half of what the unit allows (sd_watchdog_enabled(3)); nothing
 * without a watchdog. */
std::optional<std::chrono::microseconds> watchdog_interval();

} // namespace carillon::app
