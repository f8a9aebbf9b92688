#pragma once

#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>

#include <cstdint>
#include <optional>

namespace carillon {

/** Every n-th of the local times that a pattern names: those whose number is a multiple of `n`,
 * where the first at or after `from` is number 0. What lies before it has none. */
struct every_nth {
    /// At least 1, which leaves all from `from` on.
    std::int64_t n = 1;
    local_instant from = begin_of_dates;

    friend bool operator==(const every_nth&, const every_nth&) = default;
};

/**
 * The local times of a pattern, or every n-th of them.
 *
 * Its questions are those of @ref local_pattern. Their answers are worked out, not walked. The
 * pattern must outlive the object.
 */
class numbered_times {
public:
    /** The times of `pattern` that `nth` leaves. */
    numbered_times(const local_pattern& pattern, const every_nth& nth) noexcept
        : pattern_(pattern), nth_(nth)
    {}

    /** See @ref local_pattern::is_fixed_time. */
    bool is_fixed_time() const noexcept { return pattern_.is_fixed_time; }

    /** The first time at or after `from`; nothing if there is none in the range of dates. */
    std::optional<local_instant> first_from(local_instant from) const noexcept;

    /** The last time before `until`. */
    std::optional<local_instant> last_before(local_instant until) const noexcept;

    /** How many times lie in [from, until). */
    std::int64_t count(local_instant from, local_instant until) const noexcept;

    /** Whether `t` is one of the times. */
    bool contains(local_instant t) const noexcept { return first_from(t) == t; }

private:
    /** The number of the first time at or after `t`. */
    std::int64_t number_at(local_instant t) const noexcept;
    bool has_all() const noexcept { return nth_.n == 1; }

    const local_pattern& pattern_;
    every_nth nth_;
};

} // namespace carillon
