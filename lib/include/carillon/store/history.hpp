#pragma once

#include <carillon/job/run.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carillon {

/** Instants of one chain that passed without a run, all of the same fate. */
struct missed_record {
    std::string chain;
    instant from;
    instant to;
    std::int64_t count = 0;
    carillon::reason reason = reason::coalesced;

    friend bool operator==(const missed_record&, const missed_record&) = default;
};

/** What instants that came to no run are called: `skipped` where carillon was at work and there was
 * a reason not to send, else `missed`. */
std::string_view fate_of(reason r) noexcept;

/** One line of the history: a run that has ended, or instants that came to none. */
struct history_entry {
    /// Grows with each entry; a page ends before the next one's.
    std::int64_t cursor = 0;
    /// When it was written down.
    instant at{};
    std::variant<run_record, missed_record> what;
};

/** Which part of the history is asked for. */
struct history_query {
    /// Any of these; empty means all.
    std::vector<std::string> chains{};
    /// A name of an @ref outcome, or `missed`; empty means all.
    std::string outcome{};
    /// Written down at this time or later.
    std::optional<instant> since{};
    /// Only what lies before this cursor.
    std::optional<std::int64_t> before{};
    /// From 1.
    std::size_t limit = 100;
};

/** A part of the history, newest first. */
struct history_page {
    std::vector<history_entry> entries{};
    /// For @ref history_query::before; nothing if this is the end.
    std::optional<std::int64_t> next{};
};

} // namespace carillon
