#include "runner/plan/schedule_cursor.hpp"

#include <algorithm>

namespace carillon::detail {

instant schedule_cursor::next_open(const schedule& s, instant t) const
{
    const occurrences instants(s, ticks);
    auto out = instants.next_after(t);
    if (!is_fixed_time(s)) return out.value_or(never);
    for (const used_span& u : used)
        if (out && u.from <= *out && *out <= u.to) out = instants.next_after(u.to);
    return out.value_or(never);
}

std::optional<instant> schedule_cursor::last_open(const schedule& s, instant t) const
{
    const occurrences instants(s, ticks);
    auto out = instants.last_until(t);
    if (!is_fixed_time(s)) return out;
    for (auto u = used.rbegin(); u != used.rend(); ++u)
        if (out && u->from <= *out && *out <= u->to) out = instants.last_until(u->from - one_tick);
    return out;
}

instant schedule_cursor::newest_due(const job& j, instant now) const
{
    const schedule& s = schedule_of(j);
    const instant newest = std::max(last_open(s, now).value_or(next), next);
    if (newest == next || s.jitter == microseconds{0}) return newest;
    if (due_time(j, ticks, newest) <= now) return newest;
    // Of neighbours only the newest waits: an instant is due before the one after it.
    return std::max(last_open(s, newest - one_tick).value_or(next), next);
}

std::vector<passed_span>
schedule_cursor::cut_before_used(const schedule& s, passed_span& passed) const
{
    std::vector<passed_span> out;
    if (!is_fixed_time(s)) return out;
    const occurrences instants(s, passed.ticks);
    for (const used_span& u : used) {
        if (u.from <= passed.from || u.from > passed.to) continue;
        const passed_span older{
            .ticks = passed.ticks,
            .from = passed.from,
            .to = instants.last_until(u.from - one_tick).value_or(instant::min())};
        passed.from = instants.next_after(u.to).value_or(never);
        if (older.from <= older.to) out.push_back(older);
    }
    return out;
}

void schedule_cursor::move_ticks(const schedule& s, const grid& after, instant now, bool is_active)
{
    const microseconds by = after.anchor - ticks.anchor;
    ticks = after;
    if (taken != instant::min()) taken += by;
    if (!is_active) return;
    const bool is_due = next != never && next + by <= now;
    next =
        is_due ? next + by : occurrences(s, ticks).next_after(std::max(now, taken)).value_or(never);
}

} // namespace carillon::detail
