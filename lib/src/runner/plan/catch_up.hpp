#pragma once

#include <carillon/job/outcome.hpp>
#include <carillon/store/job_memory.hpp>
#include <carillon/time/schedule.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace carillon::detail {

/** Instants that passed without a run, and why none comes. */
struct missed_part {
    instant from;
    instant to;
    std::int64_t count = 0;
    carillon::reason reason;

    friend bool operator==(const missed_part&, const missed_part&) = default;
};

/** Instants of a job from `from` to `to`, both of them instants, whose time has come; `ticks` count
 * where the schedule has a rate. */
struct passed_span {
    grid ticks;
    instant from;
    instant to;
    /// The last is so little past its time that it is late, not missed.
    bool is_late = false;
};

/** What comes of instants that passed. */
struct verdict_on_passed {
    /// Runs now.
    std::optional<instant> run{};
    /// Runs later, one after another.
    std::optional<owed_span> owed{};
    std::vector<missed_part> missed{};
};

/** Whether what was due at `due` is late, not missed: up to a minute past its window. */
bool is_late(const schedule& s, instant due, instant now) noexcept;

/**
 * Judges instants that passed, at `now`, by the schedule's catch-up: what is late runs; of what was
 * missed `none` runs nothing, `once` the latest, `all` each.
 *
 * Under `all` a late instant that stands alone runs now, else it is owed like those before it, so
 * that they come in order. Allocates for what it returns only.
 */
verdict_on_passed judge_passed(const schedule& s, const passed_span& passed, instant now);

/** What a new instant stands for: instants of an earlier boot or start that passed. Without it they
 * come to nothing. */
std::vector<missed_part> coalesce_passed(const schedule& s, const passed_span& passed, instant now);

/** Adds a span behind those that are older. */
void insert_by_age(std::vector<owed_span>& owed, const owed_span& span);

/** Takes the oldest instant out, as a span of its own. */
owed_span take_oldest(const schedule& s, std::vector<owed_span>& owed);

/** Takes out what is later than `now`, since the clock was set back: it is not owed yet. */
void take_after(const schedule& s, std::vector<owed_span>& owed, instant now);

/** Cuts off what is older than the schedule's window at `now`; it is missed. */
std::vector<missed_part>
cut_to_window(const schedule& s, std::vector<owed_span>& owed, instant now);

/** Cuts the oldest off until at most `limit` are owed; what was cut is missed. */
std::vector<missed_part>
cut_to_limit(const schedule& s, std::vector<owed_span>& owed, std::int64_t limit);

} // namespace carillon::detail
