#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace carillon::detail {

/** One node waits for another. */
struct waiting {
    std::uint32_t child = 0;
    std::uint32_t parent = 0;
};

/**
 * Finds nodes that wait for each other. No two of the cycles share an edge. Of cycles that are
 * connected at most 16 are listed.
 *
 * A cycle lists its nodes, the smallest first. Each waits for the next, and the last for the
 * first. Cycles are sorted by their nodes. `all` must be sorted by child. The time is linear,
 * except for the sorting.
 */
std::vector<std::vector<std::uint32_t>>
find_cycles(std::span<const waiting> all, std::uint32_t nodes);

} // namespace carillon::detail
