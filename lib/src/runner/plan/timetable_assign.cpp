// How a timetable takes a plan: what each job goes on from.

#include "runner/plan/timetable.hpp"
#include "runner/plan/used_names.hpp"

#include <algorithm>

namespace carillon::detail {
namespace {

/// The wall time of a first tick is rounded up to a second: so much it may differ without a step.
constexpr microseconds rounding = std::chrono::seconds{1};

} // namespace

microseconds origin_of(const schedule& s, const time_reading& time)
{
    return s.on_start ? time.start : microseconds{0};
}

class timetable::planner {
public:
    planner(
        timetable& of,
        std::shared_ptr<const job_set> plan,
        const time_reading& time,
        std::vector<job_memory> memories)
        : table_(of), plan_(std::move(plan)), time_(time), memories_(std::move(memories)),
          entries_(plan_->size())
    {
        for (const job_memory& m : memories_) by_job_.emplace(m.job, &m);
    }

    plan_change plan() &&
    {
        std::vector<std::pair<job_index, const job_memory*>> recalled;
        for (job_index i = 0; i < plan_->size(); ++i) {
            const auto* s = std::get_if<schedule>(&(*plan_)[i].trigger);
            if (s == nullptr) continue;
            const auto before = scheduled_before((*plan_)[i].name);
            const auto remembered = by_job_.find((*plan_)[i].name);
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
    bool fires(job_index i) const { return (*plan_)[i].enabled && !entries_[i].paused; }

    std::optional<job_index> scheduled_before(std::string_view name) const
    {
        const auto before = table_.plan_ ? table_.plan_->find(name) : std::nullopt;
        const bool had_schedule =
            before && std::holds_alternative<schedule>((*table_.plan_)[*before].trigger);
        return had_schedule ? before : std::nullopt;
    }

    bool is_scheduled(std::string_view name) const
    {
        const auto now = plan_->find(name);
        return now && std::holds_alternative<schedule>((*plan_)[*now].trigger);
    }

    void first_sight(job_index i, const schedule& s)
    {
        entry& e = entries_[i];
        e.ticks = make_grid(s, time_.origins);
        if (fires(i)) e.next = occurrences(s, e.ticks).first_due(time_.now).value_or(never);
        out_.changed.push_back(i);
    }

    void carry_over(job_index i, const schedule& s, job_index before)
    {
        entry& e = entries_[i];
        const job& old = (*table_.plan_)[before];
        const bool is_same = has_same_instants(std::get<schedule>(old.trigger), s);
        e = table_.entries_[before];
        if (!is_same) e.ticks = make_grid(s, time_.origins);
        adopt_uses(s, is_same, e.used);
        // While disabled a job owes nothing, and so does a rhythm that has just begun.
        if (!is_same || !old.enabled)
            e.next = next_open(s, e, std::max(time_.now, e.taken)).value_or(never);
        if (!fires(i)) e.next = never;
        if (!is_same || old.enabled != (*plan_)[i].enabled) out_.changed.push_back(i);
        const auto debt = table_.debts_.find(before);
        if (debt == table_.debts_.end()) return;
        if (out_.changed.empty() || out_.changed.back() != i) out_.changed.push_back(i);
        if (is_same && (*plan_)[i].enabled)
            keep_debt(i, s, std::move(debt->second));
        else
            drop(old.name, debt->second.spans);
    }

    /** Goes on from what a store remembers. */
    void recall(job_index i, const schedule& s, const job_memory& m)
    {
        entry& e = entries_[i];
        e.ticks = make_grid(s, time_.origins);
        e.paused = m.paused;
        e.used = m.used;
        const bool is_same = m.schedule == identity_of_instants(s);
        adopt_uses(s, is_same, e.used);
        if (!is_same || !(*plan_)[i].enabled)
            drop(m.job, m.owed);
        else
            take_over_debt(i, s, m);
        if (!fires(i)) return;
        const occurrences instants(s, e.ticks);
        if (!is_same)
            e.next = (is_same_boot(s, m) ? instants.next_after(time_.now)
                                         : instants.first_due(time_.now))
                         .value_or(never);
        else if (!m.enabled || m.paused)
            e.next = next_open(s, e, time_.now).value_or(never);
        else if (is_same_boot(s, m))
            go_on(i, s, m);
        else
            begin_anew(i, s, m);
    }

    void take_over_debt(job_index i, const schedule& s, const job_memory& m)
    {
        std::vector<owed_span> spans = m.owed;
        recount(s, spans);
        // Where the clock was set back, those of the wall clock come again.
        if (!follows_elapsed_time(s)) take_after(s, spans, time_.now);
        keep_debt(i, s, {.spans = std::move(spans), .ready = time_.now});
    }

    /** A zone may have other rules than when it was owed. */
    static void recount(const schedule& s, std::vector<owed_span>& spans)
    {
        for (owed_span& o : spans) {
            const occurrences instants(s, o.ticks);
            o.count = instants.count(o.from, o.to);
            if (o.count == 0) continue;
            o.from = *instants.next_after(o.from - one_tick);
            o.to = *instants.last_until(o.to);
        }
        std::erase_if(spans, [](const owed_span& o) { return o.count == 0; });
    }

    /** What is owed follows the job's catch-up as it is now. */
    void keep_debt(job_index i, const schedule& s, debt d)
    {
        const bool is_once = s.catch_up == catch_up_policy::once;
        const std::int64_t limit = is_once ? 1 : s.catch_up_limit + std::int64_t{1}; // one was late
        if (s.catch_up == catch_up_policy::none) {
            for (const owed_span& o : std::exchange(d.spans, {}))
                out_.missed.emplace_back(i, missed_part{o.from, o.to, o.count, reason::window});
        }
        for (missed_part& m : cut_to_limit(s, d.spans, limit)) {
            if (is_once) m.reason = reason::coalesced;
            out_.missed.emplace_back(i, m);
        }
        if (!d.spans.empty()) debts_.emplace(i, std::move(d));
    }

    bool is_same_boot(const schedule& s, const job_memory& m) const
    {
        return !follows_elapsed_time(s) ||
               (m.boot == time_.boot_id && m.origin == origin_of(s, time_));
    }

    /** The same instants as before: what passed since is due. */
    void go_on(job_index i, const schedule& s, const job_memory& m)
    {
        entry& e = entries_[i];
        instant next = m.next;
        if (follows_elapsed_time(s)) {
            const microseconds step = step_since(s, m);
            e.ticks.anchor = m.anchor + step;
            if (next != never) next += step;
        }
        const occurrences instants(s, e.ticks);
        const auto taken = instants.last_until(next - one_tick);
        // The clock may have visited the future: then it goes on from now.
        const bool is_ahead = taken && *taken - time_.now <= longest_lead;
        if (taken && !is_ahead) table_.set_back_from_ = std::max(table_.set_back_from_, *taken);
        const instant from = is_ahead ? next - one_tick : std::min(next - one_tick, time_.now);
        e.next = next_open(s, e, from).value_or(never);
    }

    /** What the clock was set by since then, as ticks of elapsed time tell within one boot. */
    microseconds step_since(const schedule& s, const job_memory& m) const
    {
        if (!follows_elapsed_time(s) || m.boot != time_.boot_id) return microseconds{0};
        const instant boot = time_.origins.boot;
        const microseconds by =
            make_grid(s, {.boot = boot, .start = boot + m.origin}).anchor - m.anchor;
        return std::chrono::abs(by) > rounding ? by : microseconds{0};
    }

    /** A new boot or start: the grid before it has ended with it, and is not caught up with before
     * the new one's first tick. */
    void begin_anew(job_index i, const schedule& s, const job_memory& m)
    {
        entry& e = entries_[i];
        const occurrences instants(s, e.ticks);
        const auto first = instants.next_after(instant::min());
        const auto latest = instants.last_until(time_.now);
        const instant begun = s.on_boot ? time_.origins.boot : time_.origins.start;
        const microseconds step = step_since(s, m);
        const grid old{m.anchor + step, e.ticks.every};
        const instant from = m.next == never ? never : m.next + step;
        const auto last = occurrences(s, old).last_until(std::min(begun, time_.now));
        const bool passed = last && *last >= from;
        const passed_span of_before{.ticks = old, .from = from, .to = last.value_or(from)};
        if (s.catch_up == catch_up_policy::all && first) {
            if (passed) owe(i, s, of_before);
            if (const auto at = debts_.find(i); at != debts_.end())
                at->second.ready = std::max(e.ticks.anchor, time_.now);
            if (latest && *latest > *first)
                miss(i, coalesce(s, {e.ticks, *first, *instants.last_until(*latest - one_tick)}));
            e.next = latest.value_or(*first);
            return;
        }
        if (passed) miss(i, first ? coalesce(s, of_before) : abandon(s, of_before));
        if (s.catch_up == catch_up_policy::none && latest) {
            miss(i, coalesce(s, {e.ticks, *first, *latest}));
            e.next = instants.next_after(*latest).value_or(never);
        } else {
            e.next = first.value_or(never);
        }
    }

    void owe(job_index i, const schedule& s, const passed_span& passed)
    {
        verdict_on_passed v = judge_passed(s, passed, time_.now);
        miss(i, v.missed);
        if (!v.owed) return;
        auto& spans = debts_[i].spans;
        spans.push_back(*v.owed);
        miss(i, cut_to_limit(s, spans, s.catch_up_limit));
    }

    std::vector<missed_part> coalesce(const schedule& s, const passed_span& passed) const
    {
        return coalesce_passed(s, passed, time_.now);
    }

    /** Nothing comes any more that could stand for them. */
    static std::vector<missed_part> abandon(const schedule& s, const passed_span& p)
    {
        return {{p.from, p.to, occurrences(s, p.ticks).count(p.from, p.to), reason::window}};
    }

    void miss(job_index i, const std::vector<missed_part>& parts)
    {
        for (const missed_part& p : parts) out_.missed.emplace_back(i, p);
    }

    void drop(const std::string& job, const std::vector<owed_span>& spans)
    {
        for (const owed_span& o : spans)
            out_.dropped.push_back({job, o.from, o.to, o.count, reason::removed});
    }

    void forget_others()
    {
        for (const job_memory& m : memories_) {
            if (is_scheduled(m.job)) continue;
            drop(m.job, m.owed);
            out_.forgotten.push_back(m.job);
        }
        for (job_index i = 0; i < table_.entries_.size(); ++i) {
            const job& j = (*table_.plan_)[i];
            if (!std::holds_alternative<schedule>(j.trigger) || is_scheduled(j.name)) continue;
            if (const auto debt = table_.debts_.find(i); debt != table_.debts_.end())
                drop(j.name, debt->second.spans);
            out_.forgotten.push_back(j.name);
        }
    }

    void install()
    {
        table_.plan_ = std::move(plan_);
        table_.time_ = time_;
        table_.entries_ = std::move(entries_);
        table_.debts_ = std::move(debts_);
        table_.plan_all();
    }

    timetable& table_;
    std::shared_ptr<const job_set> plan_;
    const time_reading& time_;
    std::vector<job_memory> memories_;
    std::unordered_map<std::string_view, const job_memory*> by_job_;
    std::vector<entry> entries_;
    std::unordered_map<job_index, debt> debts_;
    plan_change out_;
};

plan_change timetable::assign(
    std::shared_ptr<const job_set> plan, const time_reading& time, std::vector<job_memory> memories)
{
    return planner(*this, std::move(plan), time, std::move(memories)).plan();
}

} // namespace carillon::detail
