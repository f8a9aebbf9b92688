#include "runner/plan/timetable.hpp"

#include "runner/plan/used_names.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>

namespace carillon::detail {
namespace {

/// From the start of a run that catches up to that of the next one, so that a machine that comes
/// back does not storm.
constexpr microseconds payment_distance = std::chrono::milliseconds{100};

/** a + b, or the latest instant where that would overflow. */
instant saturated_add(instant a, microseconds b)
{
    return b > instant::max() - a ? instant::max() : a + b;
}

} // namespace

const schedule& timetable::schedule_of(job_index j) const
{
    return std::get<schedule>((*plan_)[j].trigger);
}

void timetable::plan_all()
{
    std::vector<appointment> all;
    const auto is_planned = [](const entry& e) { return e.next != never; };
    all.reserve(
        static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_planned)));
    for (job_index i = 0; i < entries_.size(); ++i) {
        entries_[i].planned = is_planned(entries_[i]);
        if (entries_[i].planned) all.push_back(appointment_for(i));
    }
    agenda_.assign(std::move(all));
    held_.clear();
    payments_.assign({});
    for (const auto& [j, d] : debts_)
        if (!d.waits) plan_debt(j);
}

void timetable::plan_next(job_index j)
{
    entry& e = entries_[j];
    if (e.next == never || e.planned) return;
    e.planned = true;
    agenda_.add(appointment_for(j));
}

void timetable::plan_debt(job_index j)
{
    const debt& d = debts_.at(j);
    // Never early: it may have been given up before its jitter was over, or the clock set back.
    const owed_span& oldest = d.spans.front();
    const instant ready = std::max(d.ready, due_time(j, oldest.ticks, oldest.from));
    payments_.add({.due = ready, .window_end = ready, .job = j});
}

/** When an instant of the job is due: with its jitter. */
instant timetable::due_time(job_index j, const grid& ticks, instant at) const
{
    const schedule& s = schedule_of(j);
    if (s.jitter == microseconds{0}) return at;
    const auto following = occurrences(s, ticks).next_after(at);
    return saturated_add(at, jitter_of((*plan_)[j].name, s.jitter, at, following));
}

appointment timetable::appointment_for(job_index j) const
{
    const entry& e = entries_[j];
    const schedule& s = schedule_of(j);
    const instant due = due_time(j, e.ticks, e.next);
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
    const schedule& s = schedule_of(j);
    const instant newest = std::max(last_open(s, e, now).value_or(e.next), e.next);
    if (newest == e.next || s.jitter == microseconds{0}) return newest;
    if (due_time(j, e.ticks, newest) <= now) return newest;
    // Of neighbours only the newest waits: an instant is due before the one after it.
    return std::max(last_open(s, e, newest - one_tick).value_or(e.next), e.next);
}

/** The first later instant that is still to be judged: not a point of time that has had its turn.
 */
std::optional<instant> timetable::next_open(const schedule& s, const entry& e, instant t)
{
    const occurrences instants(s, e.ticks);
    auto next = instants.next_after(t);
    if (!is_fixed_time(s)) return next;
    for (const used_span& u : e.used)
        if (next && u.from <= *next && *next <= u.to) next = instants.next_after(u.to);
    return next;
}

/** The latest such instant until then. */
std::optional<instant> timetable::last_open(const schedule& s, const entry& e, instant t)
{
    const occurrences instants(s, e.ticks);
    auto last = instants.last_until(t);
    if (!is_fixed_time(s)) return last;
    for (auto u = e.used.rbegin(); u != e.used.rend(); ++u)
        if (last && u->from <= *last && *last <= u->to)
            last = instants.last_until(u->from - one_tick);
    return last;
}

/** Has an instant run, under a name that no run has had. Whether it does. */
bool timetable::take(job_index j, const grid& ticks, instant at, instant now, due_work& out)
{
    entry& e = entries_[j];
    const schedule& s = schedule_of(j);
    const instant due = due_time(j, ticks, at);
    const std::int64_t uses = is_fixed_time(s) ? 0 : uses_of(e.used, ticks, at);
    // Ticks of elapsed time come once, whatever the wall clock is set to.
    if (uses > 0 && due <= passed_over_ && !follows_elapsed_time(s)) return false;
    add_use(s, e.used, ticks, at);
    out.runs.push_back(
        {.job = j,
         .scheduled_at = at + uses * one_tick,
         .occurrence = at,
         .due = due,
         .ticks = ticks,
         .caught_up = !is_late(s, due, now)});
    return true;
}

std::optional<wake_up> timetable::next_wake()
{
    const auto next = agenda_.next_wake();
    const auto payment = payments_.next_wake();
    if (next && (!payment || *next <= *payment)) return wake_up{*next, agenda_.next_size()};
    return payment ? std::optional(wake_up{*payment}) : std::nullopt;
}

due_work
timetable::take_due(instant now, const job_predicate& has_turn, const job_predicate& is_held)
{
    due_work out;
    for (const appointment& a : agenda_.take_due(now)) {
        if (is_held(a.job)) {
            held_.insert(a.job); // and counts as planned
            wait_held(a.job, now, out);
            continue;
        }
        entries_[a.job].planned = false;
        pass(a.job, now, out);
        plan_next(a.job);
    }
    const auto payments = payments_.take_due(now);
    if (payments.empty()) return out;

    std::unordered_set<job_index> caught_up; // with what is newer
    for (const due_run& r : out.runs)
        if (r.caught_up) caught_up.insert(r.job);
    for (const appointment& a : payments) {
        if (caught_up.contains(a.job) || is_paused(a.job) || has_turn(a.job) || is_held(a.job))
            debts_.at(a.job).waits = true;
        else
            pay(a.job, now, out);
    }
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
        pass(a.job, at, out);
        plan_next(a.job);
    }
    for (const appointment& a : later) agenda_.add(a);
    return out;
}

due_work timetable::judge_held(instant now)
{
    due_work out;
    for (const job_index j : held_) wait_held(j, now, out);
    return out;
}

void timetable::wait_held(job_index j, instant now, due_work& out)
{
    entry& e = entries_[j];
    const schedule& s = schedule_of(j);
    if (e.next == never || due_time(j, e.ticks, e.next) > now) return;
    const instant newest = newest_due(j, now);
    const bool is_wanted =
        s.catch_up != catch_up_policy::none || is_late(s, due_time(j, e.ticks, newest), now);
    const auto last = is_wanted ? last_open(s, e, newest - one_tick) : std::optional(newest);
    if (!last || *last < e.next) return;
    const instant from =
        judge_before_used(j, {.ticks = e.ticks, .from = e.next, .to = *last}, now, out);
    e.taken = *last;
    e.next = is_wanted ? newest : next_open(s, e, newest).value_or(never);
    out.changed.push_back(j);
    const owed_span passed{e.ticks, from, *last, occurrences(s, e.ticks).count(from, *last)};
    if (s.catch_up == catch_up_policy::all)
        owe(j, passed, s.catch_up_limit, now, out);
    else
        out.missed.emplace_back(
            j, missed_part{passed.from, passed.to, passed.count, reason::store});
}

void timetable::release_held(instant now, const job_predicate& has_turn)
{
    for (const job_index j : std::exchange(held_, {})) {
        entries_[j].planned = false;
        plan_next(j);
    }
    for (auto& [j, d] : debts_)
        if (d.waits && !has_turn(j)) release(j, now);
}

due_work timetable::take_late(instant now)
{
    due_work out;
    for (const appointment& a : agenda_.take_due(now)) {
        const entry& e = entries_[a.job];
        if (e.next == never) continue;
        if (is_late(schedule_of(a.job), due_time(a.job, e.ticks, newest_due(a.job, now)), now))
            pass(a.job, now, out);
    }
    return out;
}

/** Judges the instants of a job from its next one on whose time has come. */
void timetable::pass(job_index j, instant now, due_work& out)
{
    entry& e = entries_[j];
    // It was paused since, and may go on from a later instant.
    if (e.next == never || due_time(j, e.ticks, e.next) > now) return;
    const schedule& s = schedule_of(j);
    const instant newest = newest_due(j, now);
    const bool late = is_late(s, due_time(j, e.ticks, newest), now);
    passed_span passed{.ticks = e.ticks, .from = e.next, .to = newest, .is_late = late};
    e.taken = newest;
    e.next = next_open(s, e, newest).value_or(never);
    out.changed.push_back(j);
    if (late && passed.from == newest) { // as nearly always
        take(j, e.ticks, newest, now, out);
        return;
    }
    passed.from = judge_before_used(j, passed, now, out);
    const verdict_on_passed v = judge_passed(s, passed, now);
    for (const missed_part& m : v.missed) out.missed.emplace_back(j, m);
    if (v.run) take(j, e.ticks, *v.run, now, out);
    if (v.owed) owe(j, *v.owed, s.catch_up_limit + (late ? 1 : 0), now, out);
}

/** Where points of time that have had their turn lie in a span, judges what lies before the last of
 * these, for which something newer stands. Returns the first instant after them. A rhythm comes to
 * its instants anew. */
instant timetable::judge_before_used(job_index j, passed_span passed, instant now, due_work& out)
{
    const schedule& s = schedule_of(j);
    if (!is_fixed_time(s)) return passed.from;
    const occurrences instants(s, passed.ticks);
    const std::vector<used_span> used = entries_[j].used;
    for (const used_span& u : used) {
        if (u.from <= passed.from || u.from > passed.to) continue;
        const passed_span older{
            .ticks = passed.ticks,
            .from = passed.from,
            .to = instants.last_until(u.from - one_tick).value_or(instant::min())};
        passed.from = instants.next_after(u.to).value_or(never);
        if (older.to < older.from) continue;
        if (s.catch_up != catch_up_policy::all) {
            for (const missed_part& m : coalesce_passed(s, older, now))
                out.missed.emplace_back(j, m);
            continue;
        }
        const verdict_on_passed v = judge_passed(s, older, now);
        for (const missed_part& m : v.missed) out.missed.emplace_back(j, m);
        if (v.owed) owe(j, *v.owed, s.catch_up_limit, now, out);
    }
    return passed.from;
}

void timetable::owe(
    job_index j, const owed_span& span, std::int64_t limit, instant now, due_work& out)
{
    const auto [at, is_new] = debts_.try_emplace(j, debt{.spans = {}, .ready = now});
    auto& [spans, ready, waits] = at->second;
    // What is owed already may wait for a time that the clock has been set back from.
    const bool is_first = is_new || span.from < spans.front().from;
    insert_by_age(spans, span);
    for (const missed_part& m : cut_to_limit(schedule_of(j), spans, limit))
        out.missed.emplace_back(j, m);
    if (!is_first || waits) return;
    if (!is_new) payments_.erase({j});
    plan_debt(j);
}

/** Sends the oldest that a job owes, unless it has waited for too long. */
void timetable::pay(job_index j, instant now, due_work& out)
{
    const auto at = debts_.find(j);
    debt& d = at->second;
    out.changed.push_back(j);
    for (const missed_part& m : cut_to_window(schedule_of(j), d.spans, now))
        out.missed.emplace_back(j, m);
    for (bool is_taken = false; !is_taken && !d.spans.empty();) {
        const owed_span oldest = take_oldest(schedule_of(j), d.spans);
        is_taken = take(j, oldest.ticks, oldest.from, now, out);
        if (!is_taken) continue;
        out.runs.back().caught_up = true;
        out.runs.back().was_owed = true;
    }
    d.waits = true;
    d.ready = now + payment_distance;
    if (d.spans.empty()) debts_.erase(at);
}

due_work timetable::put_back(const std::vector<due_run>& runs, instant now)
{
    due_work out;
    std::unordered_set<job_index> jobs;
    for (const due_run& r : runs) {
        entry& e = entries_[r.job];
        out.changed.push_back(r.job);
        take_use_back(schedule_of(r.job), e.used, r.ticks, r.occurrence);
        if (r.was_owed) {
            owe_again(r.job, r.ticks, r.occurrence, now);
            continue;
        }
        // The clock may have been set since: ticks of elapsed time have moved with it.
        const instant at = r.occurrence + (e.ticks.anchor - r.ticks.anchor);
        if (e.taken > at || e.paused || !(*plan_)[r.job].enabled) {
            overtake(r.job, at, now, out);
            continue;
        }
        e.next = std::min(e.next, at);
        e.taken = at - one_tick;
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

/** One that is older than others may be. */
void timetable::owe_again(job_index j, const grid& ticks, instant at, instant now)
{
    const auto [known, is_new] = debts_.try_emplace(j, debt{.spans = {}, .ready = now});
    debt& d = known->second;
    insert_by_age(d.spans, {ticks, at, at, 1});
    d.ready = now;
    const bool was_planned = !is_new && !std::exchange(d.waits, false);
    if (was_planned) payments_.erase({j});
    plan_debt(j);
}

/** What becomes of an instant of which a newer one has been taken. */
void timetable::overtake(job_index j, instant at, instant now, due_work& out)
{
    const schedule& s = schedule_of(j);
    if (s.catch_up == catch_up_policy::all) return owe_again(j, entries_[j].ticks, at, now);
    const reason why = s.catch_up == catch_up_policy::once ? reason::coalesced : reason::window;
    out.missed.emplace_back(j, missed_part{at, at, 1, why});
}

bool timetable::name_anew(due_run& r)
{
    const schedule& s = schedule_of(r.job);
    if (r.scheduled_at != r.occurrence || r.occurrence > set_back_from_ || is_fixed_time(s))
        return false;
    std::vector<used_span>& used = entries_[r.job].used;
    r.scheduled_at += uses_of(used, r.ticks, r.occurrence) * one_tick;
    add_use(s, used, r.ticks, r.occurrence);
    return true;
}

bool timetable::release(job_index j, instant now)
{
    const auto at = debts_.find(j);
    if (at == debts_.end() || !at->second.waits || is_paused(j)) return false;
    at->second.waits = false;
    at->second.ready = std::max(at->second.ready, now);
    plan_debt(j);
    return true;
}

void timetable::pause(job_index j)
{
    entries_[j].paused = true;
    entries_[j].next = never;
}

void timetable::resume(job_index j, instant now)
{
    entry& e = entries_[j];
    if (!std::exchange(e.paused, false)) return;
    if ((*plan_)[j].enabled)
        e.next = next_open(schedule_of(j), e, std::max(now, e.taken)).value_or(never);
    plan_next(j);
}

std::vector<job_index> timetable::clock_stepped(const time_reading& time, microseconds by)
{
    time_ = time;
    passed_over_ = by > microseconds{0} ? time.now : instant::min();
    if (by < microseconds{0}) set_back_from_ = std::max(set_back_from_, time.now - by);
    std::vector<job_index> moved;
    for (job_index i = 0; i < entries_.size(); ++i) {
        entry& e = entries_[i];
        const job& j = (*plan_)[i];
        const auto* s = std::get_if<schedule>(&j.trigger);
        if (s == nullptr) continue;
        const bool fires = j.enabled && !e.paused;
        if (follows_elapsed_time(*s)) {
            move_ticks(e, *s, time, fires); // also while nothing fires
            moved.push_back(i);
        } else {
            e.taken = instant::min();
            if (by > microseconds{0} || !fires) continue;
            // What has passed and not been taken is due as before. What comes, comes from now on,
            // also where nothing was to come any more: the clock may have visited the end of time.
            e.next = std::min(e.next, next_open(*s, e, time.now).value_or(never));
            moved.push_back(i);
        }
    }
    for (auto& [j, d] : debts_) d.ready += by;
    if (by < microseconds{0}) set_debts_back();
    plan_all();
    return moved;
}

/** Ticks of elapsed time stay where they are in it and bear other wall times, which the schedule's
 * bounds are held against from now on. */
void timetable::move_ticks(entry& e, const schedule& s, const time_reading& time, bool fires)
{
    const grid ticks = make_grid(s, time.origins);
    const microseconds by = ticks.anchor - e.ticks.anchor;
    e.ticks = ticks;
    if (e.taken != instant::min()) e.taken += by;
    if (!fires) return;
    const bool is_due = e.next != never && e.next + by <= time.now;
    e.next = is_due ? e.next + by
                    : occurrences(s, ticks).next_after(std::max(time.now, e.taken)).value_or(never);
}

/** What is owed has not passed any more where the clock was set back: instants of the wall clock
 * come again; ticks of elapsed time, which do not, keep their names and wait for them. */
void timetable::set_debts_back()
{
    for (auto at = debts_.begin(); at != debts_.end();) {
        auto& [j, d] = *at;
        const schedule& s = schedule_of(j);
        if (!follows_elapsed_time(s)) take_after(s, d.spans, time_.now);
        at = d.spans.empty() ? debts_.erase(at) : std::next(at);
    }
}

std::optional<instant> timetable::next_due(job_index j) const
{
    if (j >= entries_.size() || entries_[j].next == never) return std::nullopt;
    return entries_[j].next;
}

microseconds timetable::next_delay(job_index j) const
{
    const auto next = next_due(j);
    return next ? due_time(j, entries_[j].ticks, *next) - *next : microseconds{0};
}

job_memory timetable::memory_of(job_index j) const
{
    const entry& e = entries_[j];
    const schedule& s = schedule_of(j);
    job_memory m{.job = (*plan_)[j].name, .schedule = identity_of_instants(s)};
    m.next = e.next;
    if (follows_elapsed_time(s)) {
        m.boot = time_.boot_id;
        m.origin = origin_of(s, time_);
        m.anchor = e.ticks.anchor;
    }
    m.enabled = (*plan_)[j].enabled;
    m.paused = e.paused;
    if (const auto at = debts_.find(j); at != debts_.end()) m.owed = at->second.spans;
    m.used = e.used;
    return m;
}

} // namespace carillon::detail
