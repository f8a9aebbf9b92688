// How a timetable judges instants that have passed: which run, wait in the backlog, or are missed.

#include "runner/plan/timetable.hpp"
#include "runner/plan/used_names.hpp"

#include <utility>

namespace carillon::detail {

/** Takes a run for an instant, under a name that no run has had. Returns whether the instant runs.
 */
bool timetable::take(job_index j, const grid& ticks, instant at, instant now, due_work& out)
{
    schedule_cursor& c = entries_[j].cursor;
    const schedule& s = schedule_at(j);
    const instant due = due_time(job_at(j), ticks, at);
    const std::int64_t uses = is_fixed_time(s) ? 0 : uses_of(c.used, ticks, at);
    // Ticks of elapsed time come once, whatever the wall clock is set to.
    if (uses > 0 && due <= passed_over_ && !follows_elapsed_time(s)) return false;
    add_use(s, c.used, ticks, at);
    out.runs.push_back(
        {.job = j,
         .scheduled_at = at + uses * one_tick,
         .occurrence = at,
         .due = due,
         .ticks = ticks,
         .caught_up = !is_late(s, due, now)});
    return true;
}

/** Judges the instants of a job, from its next one on, whose time has come. */
void timetable::judge_due(job_index j, instant now, due_work& out)
{
    schedule_cursor& c = entries_[j].cursor;
    // It may have been paused since it was planned, and have continued at a later instant.
    if (c.next == never || due_time(job_at(j), c.ticks, c.next) > now) return;
    const schedule& s = schedule_at(j);
    const instant newest = c.newest_due(job_at(j), now);
    const bool late = is_late(s, due_time(job_at(j), c.ticks, newest), now);
    passed_span passed{.ticks = c.ticks, .from = c.next, .to = newest, .is_late = late};
    c.taken = newest;
    c.next = c.next_open(s, newest);
    out.changed.push_back(j);
    if (late && passed.from == newest) { // as nearly always
        take(j, c.ticks, newest, now, out);
        return;
    }
    judge_before_used(j, passed, now, out);
    const verdict_on_passed v = judge_passed(s, passed, now);
    for (const missed_part& m : v.missed) out.missed.emplace_back(j, m);
    if (v.run) take(j, c.ticks, *v.run, now, out);
    if (v.backlog) defer(j, *v.backlog, s.catch_up_limit + (late ? 1 : 0), now, out);
}

/** Judges those of the passed instants that lie before the last point of time that has had its
 * turn: a newer instant stands for them. `passed` keeps the others. */
void timetable::judge_before_used(job_index j, passed_span& passed, instant now, due_work& out)
{
    const schedule& s = schedule_at(j);
    for (const passed_span& older : entries_[j].cursor.cut_before_used(s, passed)) {
        if (s.catch_up != catch_up_policy::all) {
            for (const missed_part& m : coalesce_passed(s, older, now))
                out.missed.emplace_back(j, m);
            continue;
        }
        const verdict_on_passed v = judge_passed(s, older, now);
        for (const missed_part& m : v.missed) out.missed.emplace_back(j, m);
        if (v.backlog) defer(j, *v.backlog, s.catch_up_limit, now, out);
    }
}

/** Adds instants to a job's backlog; what exceeds the limit is missed. */
void timetable::defer(
    job_index j, const backlog_span& span, std::int64_t limit, instant now, due_work& out)
{
    for (const missed_part& m : backlog_.add(j, span, limit, now)) out.missed.emplace_back(j, m);
}

/** Takes the oldest run of a job's backlog; what has waited for too long is missed. */
void timetable::run_oldest(job_index j, instant now, due_work& out)
{
    out.changed.push_back(j);
    for (const missed_part& m : backlog_.cut_to_window(j, now)) out.missed.emplace_back(j, m);
    while (const auto oldest = backlog_.take_oldest(j, now)) {
        if (!take(j, oldest->ticks, oldest->from, now, out)) continue;
        out.runs.back().caught_up = true;
        out.runs.back().is_from_backlog = true;
        return;
    }
}

due_work timetable::judge_held(instant now)
{
    due_work out;
    for (const job_index j : held_) judge_while_held(j, now, out);
    return out;
}

void timetable::judge_while_held(job_index j, instant now, due_work& out)
{
    schedule_cursor& c = entries_[j].cursor;
    const schedule& s = schedule_at(j);
    if (c.next == never || due_time(job_at(j), c.ticks, c.next) > now) return;
    const instant newest = c.newest_due(job_at(j), now);
    const bool is_wanted = s.catch_up != catch_up_policy::none ||
                           is_late(s, due_time(job_at(j), c.ticks, newest), now);
    const auto last = is_wanted ? c.last_open(s, newest - one_tick) : std::optional(newest);
    if (!last || *last < c.next) return;
    passed_span passed{.ticks = c.ticks, .from = c.next, .to = *last};
    judge_before_used(j, passed, now, out);
    c.taken = *last;
    c.next = is_wanted ? newest : c.next_open(s, newest);
    out.changed.push_back(j);
    const std::int64_t count = occurrences(s, c.ticks).count(passed.from, passed.to);
    if (s.catch_up == catch_up_policy::all)
        defer(j, {c.ticks, passed.from, passed.to, count}, s.catch_up_limit, now, out);
    else
        out.missed.emplace_back(j, missed_part{passed.from, passed.to, count, reason::store});
}

/** Judges an instant that has not run although a newer one has been taken. */
void timetable::judge_overtaken(job_index j, instant at, instant now, due_work& out)
{
    const catch_up_policy policy = schedule_at(j).catch_up;
    if (policy == catch_up_policy::all)
        return backlog_.put_back(j, entries_[j].cursor.ticks, at, now);
    const reason why = policy == catch_up_policy::once ? reason::coalesced : reason::window;
    out.missed.emplace_back(j, missed_part{at, at, 1, why});
}

} // namespace carillon::detail
