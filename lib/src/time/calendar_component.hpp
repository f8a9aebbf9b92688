#pragma once

#include "base/text_cursor.hpp"
#include <carillon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// The grammar of one component of a calendar event (systemd.time(7)), such as the hour.

namespace carillon::detail {

/** What a component is called, and which values it has. They are in the component's own unit:
 * seconds count in microseconds, all others in ones. */
struct calendar_component_kind {
    std::string_view name;
    std::int64_t first;
    std::int64_t last;
    /// 1, as the component counts.
    std::int64_t unit = 1;
    /// For errors: which values it has.
    std::string_view allowed;
};

/** What a second is in its component's unit. */
inline constexpr std::int64_t per_second = 1'000'000;

extern const calendar_component_kind year_part;
extern const calendar_component_kind month_part;
extern const calendar_component_kind day_part;
extern const calendar_component_kind from_end_part;
extern const calendar_component_kind hour_part;
extern const calendar_component_kind minute_part;
extern const calendar_component_kind second_part;

/** Where a component stands in its expression. What it is may show only later. */
struct calendar_component_place {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/** One item of a component's list: from `first` to `last` by `step`. */
struct progression {
    std::int64_t first;
    std::int64_t last;
    std::int64_t step;
};

/** Reads the list of a component; `*` alone is every value. Fails with the first mistake. `text` is
 * the whole expression. */
parse_result<std::vector<progression>> read_component(
    std::string_view text, calendar_component_place place, const calendar_component_kind& kind);

/** The mistake that something else than `wanted` stands at the cursor, or nothing. */
parse_error unexpected_here(const text_cursor& in, std::string_view wanted);

} // namespace carillon::detail
