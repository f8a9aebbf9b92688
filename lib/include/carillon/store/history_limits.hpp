#pragma once

#include <carillon/time/instant.hpp>

#include <chrono>
#include <cstdint>

namespace carillon {

/** How much of the history is kept; the oldest goes first, a little at a time. */
struct history_limits {
    /// Older entries are forgotten. Measured by a clock of the store's own, which nobody can set.
    microseconds keep = std::chrono::days{30};
    /// Runs of one chain, and as many spans of missed instants, from 1.
    std::int64_t keep_runs = 1000;
    /// What the whole store may take, in bytes; a log of a few MiB may come on top.
    std::int64_t keep_bytes = std::int64_t{1} << 30;
};

} // namespace carillon
