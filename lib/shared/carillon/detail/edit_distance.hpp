#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::detail {

/** The fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
 */
std::size_t edit_distance(std::string_view a, std::string_view b);

/** Finds among candidates the one that a misspelt word most likely meant. */
class nearest {
public:
    explicit nearest(std::string_view word) : word_(word) {}

    void consider(std::string_view candidate);

    /** ` (did you mean 'timeout'?)`, or nothing if no candidate is near. */
    std::string suggestion() const;

private:
    std::string word_;
    std::string best_;
    std::size_t best_distance_ = static_cast<std::size_t>(-1);
};

} // namespace carillon::detail
