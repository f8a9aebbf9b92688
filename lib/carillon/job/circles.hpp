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
 * Finds nodes that wait for each other: one circle for each group of nodes that all wait for all
 * others of it, so each such group is told by one of its circles.
 *
 * A circle lists its nodes, each waiting for the next and the last for the first, the smallest
 * first; circles come in the order of their groups' smallest nodes. `all` is ordered by child; time
 * is linear.
 */
std::vector<std::vector<std::uint32_t>>
find_circles(std::span<const waiting> all, std::uint32_t nodes);

} // namespace carillon
