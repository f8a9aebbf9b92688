#pragma once

#include <carillon/job/outcome.hpp>
#include <carillon/store/job_memory.hpp>
#include <carillon/time/schedule.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace carillon::detail {

/** Instants that passed and get no run, and why. */
struct missed_part {
    instant from;
    instant to;
    std::int64_t count = 0;
    carillon::reason reason;

    friend bool operator==(const missed_part&, const missed_part&) = default;
};

/** Instants of a job whose time has come: from `from` to `to`, which are instants themselves.
 * `ticks` count where the schedule has a rate. */
struct passed_span {
    grid ticks;
    instant from;
    instant to;
    /// The last one still runs: see @ref is_late.
    bool is_late = false;
};

/** What happens to instants that passed. */
struct verdict_on_passed {
    /// The one that runs now.
    std::optional<instant> run{};
    /// Those that run later, one after another.
    std::optional<backlog_span> backlog{};
    std::vector<missed_part> missed{};
};

/** Whether what was due at `due` still runs at `now`, and is not missed: until a minute after its
 * window. */
bool is_late(const schedule& s, instant due, instant now) noexcept;

/**
 * Judges instants that passed, at `now`, by the schedule's catch-up. A late instant runs. Of missed
 * instants `none` runs nothing, `once` runs the latest, `all` runs each.
 *
 * Under `all` a late instant runs now only if no others come before it. Else it joins the backlog
 * behind them, so that they run in order. It allocates only for what it returns.
 */
verdict_on_passed judge_passed(const schedule& s, const passed_span& passed, instant now);

/** Judges instants that passed, for which a newer one that is not among them stands: none of them
 * runs. */
std::vector<missed_part> coalesce_passed(const schedule& s, const passed_span& passed, instant now);

/** Adds a span to a backlog, behind those that are older. */
void insert_by_age(std::vector<backlog_span>& backlog, const backlog_span& span);

/** Takes the oldest instant out of a backlog, as a span of its own. */
backlog_span take_oldest(const schedule& s, std::vector<backlog_span>& backlog);

/** Takes out what is later than `now`: the clock was set back, and these have not passed yet. */
void take_after(const schedule& s, std::vector<backlog_span>& backlog, instant now);

/** Takes out what is older than the schedule's window at `now`, and is missed so. */
std::vector<missed_part>
cut_to_window(const schedule& s, std::vector<backlog_span>& backlog, instant now);

/** Takes the oldest instants out until at most `limit` are left. Those taken out are missed. */
std::vector<missed_part>
cut_to_limit(const schedule& s, std::vector<backlog_span>& backlog, std::int64_t limit);

/** Takes out what the schedule's catch-up does not send, since that has changed. It is missed. */
std::vector<missed_part> cut_to_catch_up(const schedule& s, std::vector<backlog_span>& backlog);

/** Counts the instants anew: the schedule's zone may have other rules than when they passed. */
void recount(const schedule& s, std::vector<backlog_span>& backlog);

} // namespace carillon::detail
