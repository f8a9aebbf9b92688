// How a timetable takes new jobs: where each of them continues.

#include "runner/plan/timetable.hpp"
#include "runner/plan/used_names.hpp"

#include <algorithm>
#include <unordered_map>

namespace carillon::detail {
namespace {

/// The wall time of a first tick is rounded up to a second. So it may differ by a second although
/// the clock was not set.
constexpr microseconds rounding = std::chrono::seconds{1};

} // namespace

microseconds start_of_ticks(const schedule& s, const time_reading& time)
{
    return s.on_start ? time.start : microseconds{0};
}

class timetable::planner {
public:
    planner(
        timetable& of,
        std::shared_ptr<const job_set> jobs,
        const time_reading& time,
        std::vector<job_memory> memories)
        : table_(of), jobs_(std::move(jobs)), time_(time), memories_(std::move(memories)),
          entries_(jobs_->size())
    {
        for (const job_memory& m : memories_) by_job_.emplace(m.job, &m);
    }

    plan_change plan() &&
    {
        std::vector<std::pair<job_index, const job_memory*>> recalled;
        for (job_index i = 0; i < jobs_->size(); ++i) {
            const auto* s = std::get_if<schedule>(&(*jobs_)[i].trigger);
            if (s == nullptr) continue;
            const auto before = scheduled_before((*jobs_)[i].name);
            const auto remembered = by_job_.find((*jobs_)[i].name);
            if (before) {
                carry_over(i, *s, *before);
            } else if (remembered != by_job_.end()) {
                recall(i, *s, *remembered->second);
                recalled.emplace_back(i, remembered->second);
            } else {
                first_sight(i, *s);
            }
        }
        forget_others();
        install();
        for (const auto& [i, memory] : recalled)
            if (table_.memory_of(i) != *memory) out_.changed.push_back(i);
        return std::move(out_);
    }

private:
    bool is_active(job_index i) const { return (*jobs_)[i].enabled && !entries_[i].paused; }

    std::optional<job_index> scheduled_before(std::string_view name) const
    {
        const auto before = table_.jobs_ ? table_.jobs_->find(name) : std::nullopt;
        const bool had_schedule =
            before && std::holds_alternative<schedule>((*table_.jobs_)[*before].trigger);
        return had_schedule ? before : std::nullopt;
    }

    bool is_scheduled(std::string_view name) const
    {
        const auto now = jobs_->find(name);
        return now && std::holds_alternative<schedule>((*jobs_)[*now].trigger);
    }

    void first_sight(job_index i, const schedule& s)
    {
        schedule_cursor& c = entries_[i].cursor;
        c.ticks = make_grid(s, time_.origins);
        if (is_active(i)) c.next = occurrences(s, c.ticks).first_due(time_.now).value_or(never);
        out_.changed.push_back(i);
    }

    void carry_over(job_index i, const schedule& s, job_index before)
    {
        const job& old = (*table_.jobs_)[before];
        const bool is_same = has_same_instants(schedule_of(old), s);
        entries_[i] = table_.entries_[before];
        schedule_cursor& c = entries_[i].cursor;
        if (!is_same) c.ticks = make_grid(s, time_.origins);
        adopt_uses(s, is_same, c.used);
        // Nothing is caught up with that passed while the job was disabled, or had another
        // schedule.
        if (!is_same || !old.enabled) c.next = c.next_open(s, std::max(time_.now, c.taken));
        if (!is_active(i)) c.next = never;
        if (!is_same || old.enabled != (*jobs_)[i].enabled) out_.changed.push_back(i);
        const job_backlog* const known = table_.backlog_.find(before);
        if (known == nullptr) return;
        if (out_.changed.empty() || out_.changed.back() != i) out_.changed.push_back(i);
        if (is_same && (*jobs_)[i].enabled)
            keep(i, s, *known);
        else
            drop(old.name, known->spans);
    }

    /** Continues from what a store remembers. */
    void recall(job_index i, const schedule& s, const job_memory& m)
    {
        schedule_cursor& c = entries_[i].cursor;
        c.ticks = make_grid(s, time_.origins);
        c.used = m.used;
        entries_[i].paused = m.paused;
        const bool is_same = m.schedule == identity_of_instants(s);
        adopt_uses(s, is_same, c.used);
        if (!is_same || !(*jobs_)[i].enabled)
            drop(m.job, m.backlog);
        else
            recall_backlog(i, s, m);
        if (!is_active(i)) return;
        const occurrences instants(s, c.ticks);
        if (!is_same)
            c.next = (is_same_boot(s, m) ? instants.next_after(time_.now)
                                         : instants.first_due(time_.now))
                         .value_or(never);
        else if (!m.enabled || m.paused)
            c.next = c.next_open(s, time_.now);
        else if (is_same_boot(s, m))
            continue_from(i, s, m);
        else
            begin_anew(i, s, m);
    }

    void recall_backlog(job_index i, const schedule& s, const job_memory& m)
    {
        std::vector<backlog_span> spans = m.backlog;
        recount(s, spans);
        // Where the clock was set back, instants of the wall clock come again by themselves.
        if (!follows_elapsed_time(s)) take_after(s, spans, time_.now);
        keep(i, s, {.spans = std::move(spans), .ready = time_.now});
    }

    /** Takes what a job has to catch up with, as far as the job's catch-up still sends it. */
    void keep(job_index i, const schedule& s, job_backlog b)
    {
        miss(i, cut_to_catch_up(s, b.spans));
        if (!b.spans.empty()) backlog_.emplace(i, std::move(b));
    }

    bool is_same_boot(const schedule& s, const job_memory& m) const
    {
        return !follows_elapsed_time(s) ||
               (m.boot == time_.boot_id && m.origin == start_of_ticks(s, time_));
    }

    /** The job has the same instants as before: what passed since is due. */
    void continue_from(job_index i, const schedule& s, const job_memory& m)
    {
        schedule_cursor& c = entries_[i].cursor;
        instant next = m.next;
        if (follows_elapsed_time(s)) {
            const microseconds step = step_since(s, m);
            c.ticks.anchor = m.anchor + step;
            if (next != never) next += step;
        }
        const occurrences instants(s, c.ticks);
        const auto taken = instants.last_until(next - one_tick);
        // The clock may have shown a far future: then the job continues from now.
        const bool is_ahead = taken && *taken - time_.now <= longest_lead;
        if (taken && !is_ahead) table_.set_back_from_ = std::max(table_.set_back_from_, *taken);
        const instant from = is_ahead ? next - one_tick : std::min(next - one_tick, time_.now);
        c.next = c.next_open(s, from);
    }

    /** How much the clock was set by since then. Ticks of elapsed time show it within one boot. */
    microseconds step_since(const schedule& s, const job_memory& m) const
    {
        if (!follows_elapsed_time(s) || m.boot != time_.boot_id) return microseconds{0};
        const instant boot = time_.origins.boot;
        const microseconds by =
            make_grid(s, {.boot = boot, .start = boot + m.origin}).anchor - m.anchor;
        return std::chrono::abs(by) > rounding ? by : microseconds{0};
    }

    /** A new boot or start begins a new grid of ticks. The old grid has ended, and is not caught up
     * with before the first tick of the new one. */
    void begin_anew(job_index i, const schedule& s, const job_memory& m)
    {
        schedule_cursor& c = entries_[i].cursor;
        const occurrences instants(s, c.ticks);
        const auto first = instants.next_after(instant::min());
        const auto latest = instants.last_until(time_.now);
        const instant begun = s.on_boot ? time_.origins.boot : time_.origins.start;
        const microseconds step = step_since(s, m);
        const grid old{m.anchor + step, c.ticks.every};
        const instant from = m.next == never ? never : m.next + step;
        const auto last = occurrences(s, old).last_until(std::min(begun, time_.now));
        const bool passed = last && *last >= from;
        const passed_span of_before{.ticks = old, .from = from, .to = last.value_or(from)};
        if (s.catch_up == catch_up_policy::all && first) {
            if (passed) defer(i, s, of_before);
            if (const auto at = backlog_.find(i); at != backlog_.end())
                at->second.ready = std::max(c.ticks.anchor, time_.now);
            if (latest && *latest > *first)
                miss(i, coalesce(s, {c.ticks, *first, *instants.last_until(*latest - one_tick)}));
            c.next = latest.value_or(*first);
            return;
        }
        if (passed) miss(i, first ? coalesce(s, of_before) : abandon(s, of_before));
        if (s.catch_up == catch_up_policy::none && latest) {
            miss(i, coalesce(s, {c.ticks, *first, *latest}));
            c.next = instants.next_after(*latest).value_or(never);
        } else {
            c.next = first.value_or(never);
        }
    }

    /** Judges what passed, and adds to the backlog what is to be caught up with. */
    void defer(job_index i, const schedule& s, const passed_span& passed)
    {
        verdict_on_passed v = judge_passed(s, passed, time_.now);
        miss(i, v.missed);
        if (!v.backlog) return;
        auto& spans = backlog_[i].spans;
        spans.push_back(*v.backlog);
        miss(i, cut_to_limit(s, spans, s.catch_up_limit));
    }

    std::vector<missed_part> coalesce(const schedule& s, const passed_span& passed) const
    {
        return coalesce_passed(s, passed, time_.now);
    }

    /** No newer instant will stand for them. */
    static std::vector<missed_part> abandon(const schedule& s, const passed_span& p)
    {
        return {{p.from, p.to, occurrences(s, p.ticks).count(p.from, p.to), reason::window}};
    }

    void miss(job_index i, const std::vector<missed_part>& parts)
    {
        for (const missed_part& p : parts) out_.missed.emplace_back(i, p);
    }

    void drop(const std::string& job, const std::vector<backlog_span>& spans)
    {
        for (const backlog_span& o : spans)
            out_.dropped.push_back({job, o.from, o.to, o.count, reason::removed});
    }

    void forget_others()
    {
        for (const job_memory& m : memories_) {
            if (is_scheduled(m.job)) continue;
            drop(m.job, m.backlog);
            out_.forgotten.push_back(m.job);
        }
        for (job_index i = 0; i < table_.entries_.size(); ++i) {
            const job& j = (*table_.jobs_)[i];
            if (!std::holds_alternative<schedule>(j.trigger) || is_scheduled(j.name)) continue;
            if (const job_backlog* const b = table_.backlog_.find(i)) drop(j.name, b->spans);
            out_.forgotten.push_back(j.name);
        }
    }

    void install()
    {
        table_.backlog_.assign(jobs_, std::move(backlog_));
        table_.jobs_ = std::move(jobs_);
        table_.time_ = time_;
        table_.entries_ = std::move(entries_);
        table_.plan_all();
    }

    timetable& table_;
    std::shared_ptr<const job_set> jobs_;
    const time_reading& time_;
    std::vector<job_memory> memories_;
    std::unordered_map<std::string_view, const job_memory*> by_job_;
    std::vector<entry> entries_;
    std::unordered_map<job_index, job_backlog> backlog_;
    plan_change out_;
};

plan_change timetable::assign(
    std::shared_ptr<const job_set> jobs, const time_reading& time, std::vector<job_memory> memories)
{
    return planner(*this, std::move(jobs), time, std::move(memories)).plan();
}

} // namespace carillon::detail
