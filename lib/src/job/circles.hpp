#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace carillon {

/** That one node waits for another. */
struct waiting {
    std::uint32_t child = 0;
    std::uint32_t parent = 0;
};

/**
 * Finds nodes that wait for each other: circles that share no edge, until none is left, but at most
 * 16 of those that hang together.
 *
 * A circle lists its nodes, each waiting for the next and the last for the first, the smallest
 * first; circles come in the order of their nodes. `all` is ordered by child; time is linear but
 * for the sorting.
 */
std::vector<std::vector<std::uint32_t>>
find_circles(std::span<const waiting> all, std::uint32_t nodes);

} // namespace carillon
