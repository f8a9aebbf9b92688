#include "runner/plan/backlog.hpp"

#include "runner/plan/due_time.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace carillon::detail {
namespace {

/// From the start of one run of a job to the start of its next.
constexpr microseconds least_distance = std::chrono::milliseconds{100};

} // namespace

void backlog::assign(
    std::shared_ptr<const job_set> jobs, std::unordered_map<job_index, job_backlog> by_job)
{
    jobs_ = std::move(jobs);
    by_job_ = std::move(by_job);
    plan_all();
}

const job_backlog* backlog::find(job_index j) const
{
    const auto at = by_job_.find(j);
    return at == by_job_.end() ? nullptr : &at->second;
}

void backlog::plan_all()
{
    agenda_.assign({});
    for (const auto& [j, b] : by_job_)
        if (!b.waits) plan(j, b);
}

void backlog::plan(job_index j, const job_backlog& b)
{
    // Its jitter may not be over yet: the instant was put back early, or the clock was set back.
    const backlog_span& oldest = b.spans.front();
    const instant ready = std::max(b.ready, due_time((*jobs_)[j], oldest.ticks, oldest.from));
    agenda_.add({.due = ready, .window_end = ready, .job = j});
}

std::vector<job_index> backlog::take_due(instant now)
{
    std::vector<job_index> out;
    for (const appointment& a : agenda_.take_due(now)) {
        by_job_.at(a.job).waits = true;
        out.push_back(a.job);
    }
    return out;
}

std::optional<backlog_span> backlog::take_oldest(job_index j, instant now)
{
    const auto at = by_job_.find(j);
    if (at == by_job_.end()) return std::nullopt;
    job_backlog& b = at->second;
    const backlog_span oldest = detail::take_oldest(schedule_of((*jobs_)[j]), b.spans);
    b.ready = now + least_distance;
    if (b.spans.empty()) by_job_.erase(at);
    return oldest;
}

std::vector<missed_part> backlog::cut_to_window(job_index j, instant now)
{
    const auto at = by_job_.find(j);
    if (at == by_job_.end()) return {};
    auto out = detail::cut_to_window(schedule_of((*jobs_)[j]), at->second.spans, now);
    if (at->second.spans.empty()) by_job_.erase(at);
    return out;
}

std::vector<missed_part>
backlog::add(job_index j, const backlog_span& span, std::int64_t limit, instant now)
{
    const auto [at, is_new] = by_job_.try_emplace(j, job_backlog{.ready = now});
    job_backlog& b = at->second;
    // What is there already may wait for a time that the clock has been set back from.
    const bool is_oldest = is_new || span.from < b.spans.front().from;
    insert_by_age(b.spans, span);
    auto out = cut_to_limit(schedule_of((*jobs_)[j]), b.spans, limit);
    if (!is_oldest || b.waits) return out;
    if (!is_new) agenda_.erase({j});
    plan(j, b);
    return out;
}

void backlog::put_back(job_index j, const grid& ticks, instant at, instant now)
{
    const auto [known, is_new] = by_job_.try_emplace(j);
    job_backlog& b = known->second;
    insert_by_age(b.spans, {ticks, at, at, 1}); // others may be older
    b.ready = now;
    const bool was_planned = !is_new && !std::exchange(b.waits, false);
    if (was_planned) agenda_.erase({j});
    plan(j, b);
}

bool backlog::release(job_index j, instant now)
{
    const auto at = by_job_.find(j);
    if (at == by_job_.end() || !at->second.waits) return false;
    at->second.waits = false;
    at->second.ready = std::max(at->second.ready, now);
    plan(j, at->second);
    return true;
}

std::vector<job_index> backlog::waiting() const
{
    std::vector<job_index> out;
    for (const auto& [j, b] : by_job_)
        if (b.waits) out.push_back(j);
    return out;
}

void backlog::clock_stepped(instant now, microseconds by)
{
    for (auto& [j, b] : by_job_) {
        b.ready += by;
        const schedule& s = schedule_of((*jobs_)[j]);
        if (by < microseconds{0} && !follows_elapsed_time(s)) take_after(s, b.spans, now);
    }
    std::erase_if(by_job_, [](const auto& known) { return known.second.spans.empty(); });
    plan_all();
}

} // namespace carillon::detail
