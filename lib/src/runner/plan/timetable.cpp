#include "runner/plan/timetable.hpp"

#include "runner/plan/used_names.hpp"

#include <algorithm>
#include <utility>

namespace carillon::detail {

void timetable::plan_all()
{
    std::vector<appointment> all;
    const auto is_planned = [](const entry& e) { return e.cursor.next != never; };
    all.reserve(
        static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_planned)));
    for (job_index i = 0; i < entries_.size(); ++i) {
        entries_[i].planned = is_planned(entries_[i]);
        if (entries_[i].planned) all.push_back(appointment_for(i));
    }
    agenda_.assign(std::move(all));
    held_.clear();
}

void timetable::plan_next(job_index j)
{
    entry& e = entries_[j];
    if (e.cursor.next == never || e.planned) return;
    e.planned = true;
    agenda_.add(appointment_for(j));
}

appointment timetable::appointment_for(job_index j) const
{
    const schedule_cursor& c = entries_[j].cursor;
    const schedule& s = schedule_at(j);
    const instant due = due_time(job_at(j), c.ticks, c.next);
    instant end = saturated_add(due, s.accuracy);
    // A window ends before the job's following instant.
    if (const auto following = occurrences(s, c.ticks).next_after(c.next))
        end = std::min(end, *following - microseconds{1});
    return {.due = due, .window_end = end, .job = j};
}

std::optional<wake_up> timetable::next_wake()
{
    const auto next = agenda_.next_wake();
    const auto caught_up = backlog_.next_wake();
    if (next && (!caught_up || *next <= *caught_up)) return wake_up{*next, agenda_.next_size()};
    return caught_up ? std::optional(wake_up{*caught_up}) : std::nullopt;
}

due_work
timetable::take_due(instant now, const job_predicate& has_turn, const job_predicate& is_held)
{
    due_work out;
    for (const appointment& a : agenda_.take_due(now)) {
        if (is_held(a.job)) {
            held_.insert(a.job); // and counts as planned
            judge_while_held(a.job, now, out);
            continue;
        }
        entries_[a.job].planned = false;
        judge_due(a.job, now, out);
        plan_next(a.job);
    }
    const auto ready = backlog_.take_due(now);
    if (ready.empty()) return out;

    std::unordered_set<job_index> caught_up; // with what is newer
    for (const due_run& r : out.runs)
        if (r.caught_up) caught_up.insert(r.job);
    for (const job_index j : ready)
        if (!caught_up.contains(j) && !is_paused(j) && !has_turn(j) && !is_held(j))
            run_oldest(j, now, out);
    std::sort(out.changed.begin(), out.changed.end());
    out.changed.erase(std::unique(out.changed.begin(), out.changed.end()), out.changed.end());
    return out;
}

due_work timetable::take_ahead(instant at, const job_predicate& is_busy)
{
    due_work out;
    std::vector<appointment> later;
    for (const appointment& a : agenda_.take_due(at)) {
        if (is_busy(a.job)) {
            later.push_back(a);
            continue;
        }
        entries_[a.job].planned = false;
        judge_due(a.job, at, out);
        plan_next(a.job);
    }
    for (const appointment& a : later) agenda_.add(a);
    return out;
}

due_work timetable::take_late(instant now)
{
    due_work out;
    for (const appointment& a : agenda_.take_due(now)) {
        const schedule_cursor& c = entries_[a.job].cursor;
        if (c.next == never) continue;
        const job& j = job_at(a.job);
        if (is_late(schedule_of(j), due_time(j, c.ticks, c.newest_due(j, now)), now))
            judge_due(a.job, now, out);
    }
    return out;
}

void timetable::release_held(instant now, const job_predicate& has_turn)
{
    for (const job_index j : std::exchange(held_, {})) {
        entries_[j].planned = false;
        plan_next(j);
    }
    for (const job_index j : backlog_.waiting())
        if (!has_turn(j)) release(j, now);
}

due_work timetable::put_back(const std::vector<due_run>& runs, instant now)
{
    due_work out;
    std::unordered_set<job_index> jobs;
    for (const due_run& r : runs) {
        entry& e = entries_[r.job];
        schedule_cursor& c = e.cursor;
        out.changed.push_back(r.job);
        take_use_back(schedule_at(r.job), c.used, r.ticks, r.occurrence);
        if (r.is_from_backlog) {
            backlog_.put_back(r.job, r.ticks, r.occurrence, now);
            continue;
        }
        // The clock may have been set since: ticks of elapsed time have moved with it.
        const instant at = r.occurrence + (c.ticks.anchor - r.ticks.anchor);
        if (c.taken > at || e.paused || !job_at(r.job).enabled) {
            judge_overtaken(r.job, at, now, out);
            continue;
        }
        c.next = std::min(c.next, at);
        c.taken = at - one_tick;
        e.planned = false;
        jobs.insert(r.job);
    }
    if (jobs.empty()) return out;
    agenda_.erase(jobs);
    for (const job_index j : jobs) {
        held_.erase(j);
        plan_next(j);
    }
    return out;
}

bool timetable::name_anew(due_run& r)
{
    const schedule& s = schedule_at(r.job);
    if (r.scheduled_at != r.occurrence || r.occurrence > set_back_from_ || is_fixed_time(s))
        return false;
    std::vector<used_span>& used = entries_[r.job].cursor.used;
    r.scheduled_at += uses_of(used, r.ticks, r.occurrence) * one_tick;
    add_use(s, used, r.ticks, r.occurrence);
    return true;
}

bool timetable::release(job_index j, instant now)
{
    return !is_paused(j) && backlog_.release(j, now);
}

void timetable::pause(job_index j)
{
    entries_[j].paused = true;
    entries_[j].cursor.next = never;
}

void timetable::resume(job_index j, instant now)
{
    entry& e = entries_[j];
    schedule_cursor& c = e.cursor;
    if (!std::exchange(e.paused, false)) return;
    if (job_at(j).enabled) c.next = c.next_open(schedule_at(j), std::max(now, c.taken));
    plan_next(j);
}

std::vector<job_index> timetable::clock_stepped(const time_reading& time, microseconds by)
{
    time_ = time;
    passed_over_ = by > microseconds{0} ? time.now : instant::min();
    if (by < microseconds{0}) set_back_from_ = std::max(set_back_from_, time.now - by);
    std::vector<job_index> moved;
    for (job_index i = 0; i < entries_.size(); ++i) {
        schedule_cursor& c = entries_[i].cursor;
        const auto* s = std::get_if<schedule>(&job_at(i).trigger);
        if (s == nullptr) continue;
        const bool is_active = job_at(i).enabled && !entries_[i].paused;
        if (follows_elapsed_time(*s)) {
            // Also while it is inactive: its ticks must be right when it is resumed.
            c.move_ticks(*s, make_grid(*s, time.origins), time.now, is_active);
            moved.push_back(i);
            continue;
        }
        c.taken = instant::min();
        if (by > microseconds{0} || !is_active) continue;
        // What has passed and was not taken is due as before. The job continues from the new time,
        // also if its instants had come to an end: the clock may have shown a far future.
        c.next = std::min(c.next, c.next_open(*s, time.now));
        moved.push_back(i);
    }
    backlog_.clock_stepped(time.now, by);
    plan_all();
    return moved;
}

std::optional<instant> timetable::next_due(job_index j) const
{
    if (j >= entries_.size() || entries_[j].cursor.next == never) return std::nullopt;
    return entries_[j].cursor.next;
}

microseconds timetable::next_delay(job_index j) const
{
    const auto next = next_due(j);
    return next ? due_time(job_at(j), entries_[j].cursor.ticks, *next) - *next : microseconds{0};
}

job_memory timetable::memory_of(job_index j) const
{
    const schedule_cursor& c = entries_[j].cursor;
    const schedule& s = schedule_at(j);
    job_memory m{.job = job_at(j).name, .schedule = identity_of_instants(s)};
    m.next = c.next;
    if (follows_elapsed_time(s)) {
        m.boot = time_.boot_id;
        m.origin = start_of_ticks(s, time_);
        m.anchor = c.ticks.anchor;
    }
    m.enabled = job_at(j).enabled;
    m.paused = entries_[j].paused;
    if (const job_backlog* const b = backlog_.find(j)) m.backlog = b->spans;
    m.used = c.used;
    return m;
}

} // namespace carillon::detail
