#pragma once

namespace carillon::app {

/** Exit codes beside 0, which is good. */
inline constexpr int exit_failed = 1; // a job
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_daemon = 3; // the store is in memory, so only its daemon can read it
inline constexpr int exit_no_job = 4;    // or run
inline constexpr int exit_cannot_start = 6;

} // namespace carillon::app
