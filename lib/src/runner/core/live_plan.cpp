#include "runner/core/live_plan.hpp"

#include <utility>
#include <variant>

namespace carillon::detail {

void live_plan::start()
{
    if (!std::exchange(has_started_, true)) start_ = shared_->time.since_boot();
}

time_reading live_plan::read_time() const
{
    const instant boot = shared_->time.boot_time();
    return {
        .now = shared_->time.now(),
        .origins = {.boot = boot, .start = boot + start_},
        .boot_id = shared_->time.boot_id(),
        .start = start_};
}

void live_plan::assign(std::vector<job_memory> memories)
{
    const auto jobs = jobs_;
    plan_change change = times_.assign(jobs, read_time(), std::move(memories));
    store_changes notes{
        .missed = records_of(change.missed),
        .memories = memories_of(change.changed),
        .forgotten = std::move(change.forgotten)};
    notes.missed.insert(notes.missed.end(), change.dropped.begin(), change.dropped.end());
    // Written down first, here as elsewhere: a listener may bring about what is to follow it.
    journal_->write(std::move(notes));
    tell_missed(*jobs, change.missed);
    for (const missed_record& m : change.dropped) {
        const job gone{.name = m.chain, .url = {}};
        shared_->emit(runs_missed{
            .first = gone, .from = m.from, .to = m.to, .count = m.count, .reason = m.reason});
    }
}

void live_plan::step(microseconds by)
{
    journal_->write({.memories = memories_of(times_.clock_stepped(read_time(), by))});
}

store_changes live_plan::changes_of(const due_work& work) const
{
    return {.missed = records_of(work.missed), .memories = memories_of(work.changed)};
}

void live_plan::settle(const due_work& work)
{
    const auto jobs = times_.jobs();
    journal_->write(changes_of(work));
    tell_missed(*jobs, work.missed);
}

std::vector<job_memory> live_plan::memories_of(const std::vector<job_index>& jobs) const
{
    std::vector<job_memory> out;
    out.reserve(jobs.size());
    for (const job_index j : jobs) out.push_back(times_.memory_of(j));
    return out;
}

store_changes live_plan::recall(const std::set<std::string>& names) const
{
    store_changes out;
    const auto& jobs = times_.jobs();
    if (!jobs) return out;
    for (const std::string& name : names) {
        const auto j = jobs->find(name);
        if (j && std::holds_alternative<schedule>((*jobs)[*j].trigger))
            out.memories.push_back(times_.memory_of(*j));
        else
            out.forgotten.push_back(name);
    }
    return out;
}

std::vector<missed_record>
live_plan::records_of(const std::vector<std::pair<job_index, missed_part>>& missed) const
{
    std::vector<missed_record> out;
    out.reserve(missed.size());
    for (const auto& [j, m] : missed)
        out.push_back(
            {.chain = (*times_.jobs())[j].name,
             .from = m.from,
             .to = m.to,
             .count = m.count,
             .reason = m.reason});
    return out;
}

void live_plan::tell_missed(
    const job_set& jobs, const std::vector<std::pair<job_index, missed_part>>& missed) const
{
    for (const auto& [j, m] : missed) {
        const error_code why = m.reason == reason::store ? journal_->last_error() : error_code{};
        shared_->emit(runs_missed{
            .first = jobs[j],
            .from = m.from,
            .to = m.to,
            .count = m.count,
            .reason = m.reason,
            .error = why});
    }
}

} // namespace carillon::detail
