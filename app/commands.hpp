#pragma once

namespace carillon::app {

/** Exit codes beside 0, which is good, and 1, a job that failed. */
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_job = 4;
inline constexpr int exit_cannot_start = 6;

/** Reads the arguments and does what they ask: the exit code. */
int run_command(int argc, char** argv);

} // namespace carillon::app
