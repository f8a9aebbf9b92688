#pragma once

#include <optional>
#include <string>

namespace carillon::app {

/** What `carillon demo` is asked for. */
struct demo_options {
    /// End after so many runs; none: run until stopped.
    std::optional<int> runs;
    /// Where the database is kept; empty: in a temporary folder, removed at the end.
    std::string directory;
};

/**
 * Runs PIN-112's jobs against the stand-in API, as any service that embeds the library would: the
 * exit code.
 *
 * The first run begins within 2 s, the next ones each 10 s. After each the segments it made are
 * printed.
 */
int run_demo(const demo_options& options);

} // namespace carillon::app
