#include <carillon/runner/timetable.hpp>

#include <algorithm>

namespace carillon {
namespace {

/// How long past its window a run still counts as late, not as missed.
constexpr microseconds lateness_limit = std::chrono::seconds{60};

/** a + b, or the latest instant where that would overflow. */
instant saturated_add(instant a, microseconds b)
{
    return b > instant::max() - a ? instant::max() : a + b;
}

} // namespace

void timetable::assign(std::shared_ptr<const job_set> plan, const time_reading& time)
{
    std::vector<entry> entries(plan->size());
    for (job_index i = 0; i < plan->size(); ++i) {
        const job& j = (*plan)[i];
        const auto* s = std::get_if<schedule>(&j.trigger);
        if (s == nullptr) continue;
        const auto before = plan_ ? plan_->find(j.name) : std::nullopt;
        entries[i] = before ? carried_over(j, *s, entries_[*before], (*plan_)[*before], time)
                            : first_sight(*s, time);
        if (!j.enabled) entries[i].next = never;
    }
    plan_ = std::move(plan);
    entries_ = std::move(entries);
    plan_all();
}

timetable::entry timetable::first_sight(const schedule& s, const time_reading& time) const
{
    entry e{.ticks = make_grid(s, time.origins)};
    e.next = occurrences(s, e.ticks).first_due(time.now).value_or(never);
    return e;
}

timetable::entry timetable::carried_over(
    const job& j,
    const schedule& s,
    const entry& before,
    const job& job_before,
    const time_reading& time) const
{
    const auto* old = std::get_if<schedule>(&job_before.trigger);
    const bool same_instants = old != nullptr && has_same_instants(*old, s);
    entry e = same_instants ? before : entry{.ticks = make_grid(s, time.origins)};
    // While disabled a job owes nothing, and so does a rhythm that has just begun.
    if (!same_instants || (j.enabled && !job_before.enabled))
        e.next = occurrences(s, e.ticks).next_after(time.now).value_or(never);
    return e;
}

void timetable::plan_all()
{
    std::vector<appointment> all;
    const auto is_planned = [](const entry& e) { return e.next != never; };
    all.reserve(
        static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_planned)));
    for (job_index i = 0; i < entries_.size(); ++i)
        if (is_planned(entries_[i])) all.push_back(appointment_for(i));
    agenda_.assign(std::move(all));
}

/** When an instant of the job is due: with its jitter. */
instant timetable::due_time(job_index j, instant at) const
{
    const job& of = (*plan_)[j];
    const auto& s = std::get<schedule>(of.trigger);
    if (s.jitter == microseconds{0}) return at;
    const auto following = occurrences(s, entries_[j].ticks).next_after(at);
    return saturated_add(at, jitter_of(of.name, s.jitter, at, following));
}

appointment timetable::appointment_for(job_index j) const
{
    const entry& e = entries_[j];
    const auto& s = std::get<schedule>((*plan_)[j].trigger);
    const instant due = due_time(j, e.next);
    instant end = saturated_add(due, s.accuracy);
    // A window ends before the job's following instant.
    if (const auto following = occurrences(s, e.ticks).next_after(e.next))
        end = std::min(end, *following - microseconds{1});
    return {.due = due, .window_end = end, .job = j};
}

/** The newest instant, from the entry's next one on, whose time to run has come. */
instant timetable::newest_due(job_index j, instant now) const
{
    const entry& e = entries_[j];
    const auto& s = std::get<schedule>((*plan_)[j].trigger);
    const occurrences instants(s, e.ticks);
    const instant newest = std::max(instants.last_until(now).value_or(e.next), e.next);
    if (newest == e.next || s.jitter == microseconds{0}) return newest;
    if (due_time(j, newest) <= now) return newest;
    // Of neighbours only the newest waits: an instant is due before the one after it.
    return std::max(instants.last_until(newest - microseconds{1}).value_or(e.next), e.next);
}

std::vector<due_run> timetable::take_due(instant now)
{
    std::vector<due_run> out;
    for (const appointment& a : agenda_.take_due(now)) {
        entry& e = entries_[a.job];
        const auto& s = std::get<schedule>((*plan_)[a.job].trigger);
        const occurrences instants(s, e.ticks);
        const instant latest = newest_due(a.job, now);
        const instant due = due_time(a.job, latest);
        due_run run{
            .job = a.job,
            .scheduled_at = latest,
            .due = due,
            .caught_up = now - due > lateness_limit + s.accuracy,
            .is_fixed_time = is_fixed_time(s)};
        if (latest > e.next) {
            const instant to = *instants.last_until(latest - microseconds{1});
            run.coalesced = missed_span{e.next, to, instants.count(e.next, to)};
        }
        out.push_back(run);
        e.next = instants.next_after(latest).value_or(never);
        if (e.next != never) agenda_.add(appointment_for(a.job));
    }
    return out;
}

void timetable::clock_stepped(microseconds by, instant now)
{
    for (job_index i = 0; i < entries_.size(); ++i) {
        entry& e = entries_[i];
        const job& j = (*plan_)[i];
        const auto* s = std::get_if<schedule>(&j.trigger);
        if (s == nullptr) continue;
        if (follows_elapsed_time(*s)) {
            e.ticks.anchor += by; // also while disabled
            if (e.next != never) e.next += by;
        } else if (by < microseconds{0} && j.enabled) {
            // Also where nothing was to come any more: the clock may have visited the end of time.
            e.next = occurrences(*s, e.ticks).next_after(now).value_or(never);
        }
    }
    plan_all();
}

std::optional<instant> timetable::next_due(job_index j) const
{
    if (j >= entries_.size() || entries_[j].next == never) return std::nullopt;
    return entries_[j].next;
}

} // namespace carillon
