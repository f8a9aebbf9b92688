#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace carillon::detail {

/** That one node waits for another. */
struct waiting {
    std::uint32_t child = 0;
    std::uint32_t parent = 0;
};

/**
 * Finds nodes that wait for each other. No two of the cycles share an edge. Of cycles that are
 * connected at most 16 are listed.
 *
 * A cycle lists its nodes, each waiting for the next and the last for the first, the smallest
 * first; cycles come in the order of their nodes. `all` is ordered by child; time is linear but
 * for the sorting.
 */
std::vector<std::vector<std::uint32_t>>
find_cycles(std::span<const waiting> all, std::uint32_t nodes);

} // namespace carillon::detail
