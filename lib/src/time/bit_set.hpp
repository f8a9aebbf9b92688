#pragma once

#include <bit>
#include <cstdint>

// Sets of small numbers: a bit stands for the value of its number.

namespace carillon::detail {

/** The numbers from `first` to `last`, both included. */
constexpr std::uint32_t bits(unsigned first, unsigned last) noexcept
{
    if (first > last) return 0;
    return static_cast<std::uint32_t>((std::uint64_t{2} << last) - (std::uint64_t{1} << first));
}

/** The lowest number of a set, which must not be empty. */
constexpr unsigned lowest(std::uint64_t set) noexcept
{
    return static_cast<unsigned>(std::countr_zero(set));
}

/** The highest number of a set, which must not be empty. */
constexpr unsigned highest(std::uint64_t set) noexcept
{
    return static_cast<unsigned>(63 - std::countl_zero(set));
}

/** The numbers of a set that are less than `n`. */
constexpr std::uint64_t below(std::uint64_t set, unsigned n) noexcept
{
    return n >= 64 ? set : set & ((std::uint64_t{1} << n) - 1);
}

/** The numbers of a set that are at least `n`. */
constexpr std::uint64_t at_least(std::uint64_t set, unsigned n) noexcept
{
    return set & ~below(set, n);
}

/** The number of a set that has `n` lower ones. The set must have more than `n`. */
constexpr unsigned nth_of(std::uint64_t set, std::int64_t n) noexcept
{
    for (; n > 0; --n) set &= set - 1;
    return lowest(set);
}

} // namespace carillon::detail
