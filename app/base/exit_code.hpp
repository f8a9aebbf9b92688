#pragma once

#include <string_view>
#include <utility>

namespace carillon::app {

/** Exit codes beside 0, which is good. */
inline constexpr int exit_failed = 1; // a job
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_daemon = 3; // the store is in memory, so only its daemon can read it
inline constexpr int exit_no_job = 4;    // or run
inline constexpr int exit_cannot_start = 6;

/// All of them, in words.
inline constexpr std::pair<int, std::string_view> exit_codes[] = {
    {0, "good"},
    {exit_failed, "a job failed"},
    {exit_usage, "usage or configuration"},
    {exit_no_daemon, "the store is in memory, which only its daemon can read"},
    {exit_no_job, "no such job or run"},
    {exit_cannot_start, "could not start, or no store to read"},
};

} // namespace carillon::app
