#include "store/memory/memory_state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace carillon::detail {

recollection memory_state::load() const
{
    recollection out{.memories = memories()};
    for (unended_run& r : unended())
        if (!r.is_running) out.crashed.push_back(std::move(r.open));
    return out;
}

std::vector<claim> memory_state::commit_changes(const store_changes& batch, instant now, int owner)
{
    for (const returned_claim& r : batch.returned) take_back(r);
    std::vector<claim> claims;
    claims.reserve(batch.claims.size());
    for (const claim_request& r : batch.claims) claims.push_back(claim_one(r, now, owner));
    remember(batch.memories);
    for (const std::string& job : batch.forgotten)
        if (const auto known = memories_.find(job); known != memories_.end())
            memories_.erase(known);
    for (const missed_record& m : batch.missed) append(now, m);
    return claims;
}

void memory_state::take_back(const returned_claim& r)
{
    open_runs::owned_run* const open = open_.find({r.chain, r.scheduled_at});
    if (open == nullptr || open->run.run.id != r.run) return;
    if (r.what == returned_claim::kind::withdrawn) {
        open_.erase({r.chain, r.scheduled_at});
        std::erase(claimed_[r.chain], r.scheduled_at);
        return;
    }
    open->owner = 0;
    open->run.may_have_begun = r.what == returned_claim::kind::begun;
}

claim memory_state::claim_one(const claim_request& r, instant now, int owner)
{
    auto record = record_to_claim(r);
    if (!record) return {};
    fence_ = std::max<std::int64_t>(fence_ + 1, now.time_since_epoch().count());
    open_run taken{.run = *std::move(record), .due = r.due, .recovers = r.recovers};
    run_record& run = taken.run;
    run.id = r.run;
    run.chain = r.chain;
    run.scheduled_at = r.scheduled_at;
    run.trigger = r.trigger;
    run.fence = fence_;
    run.outcome = {};
    if (r.what != claim_request::kind::recovered) run.started_at = std::max(now, r.due);
    open_.put({r.chain, r.scheduled_at}, {std::move(taken), owner});
    return {.won = true, .fence = fence_};
}

/** What is known of the run so far; nothing if the claim is lost. */
std::optional<run_record> memory_state::record_to_claim(const claim_request& r)
{
    open_runs::owned_run* const open = open_.find({r.chain, r.scheduled_at});
    if (r.what == claim_request::kind::recovered) {
        if (open == nullptr || open->owner != 0) return std::nullopt;
        return std::move(open->run.run);
    }
    if (r.what == claim_request::kind::retried) {
        const run_record* known = history_.find_run(r.chain, r.run);
        if (open != nullptr) {
            // The record of one that crashed is closed first.
            if (open->owner != 0 || open->run.run.id != r.run) return std::nullopt;
            known = &open->run.run;
        }
        if (known == nullptr) return std::nullopt;
        run_record again = *known;
        reopen(again.jobs);
        return again;
    }
    if (open != nullptr || !is_new(r.chain, r.scheduled_at)) return std::nullopt;
    return run_record{};
}

/** Whether nobody has claimed the instant, which is known as claimed from now on. */
bool memory_state::is_new(const std::string& chain, instant at)
{
    auto& claimed = claimed_[chain];
    if (std::find(claimed.begin(), claimed.end(), at) != claimed.end()) return false;
    if (claimed.size() >= keep_claims_) claimed.erase(claimed.begin());
    claimed.push_back(at);
    return true;
}

void memory_state::remember(const std::vector<job_memory>& memories)
{
    std::vector<job_memory> fresh;
    for (const job_memory& m : memories) {
        const auto known = memories_.find(m);
        if (known != memories_.end())
            *known = m;
        else
            fresh.push_back(m);
    }
    if (fresh.size() > memories_.size() / 2) memories_.reserve(memories_.size() + fresh.size());
    memories_.insert(std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
}

void memory_state::save_progress(run_id run, job_record job)
{
    open_runs::owned_run* const open = open_.find(run);
    if (open == nullptr) return;
    auto& jobs = open->run.run.jobs;
    const auto known = std::find_if(
        jobs.begin(), jobs.end(), [&](const job_record& j) { return j.job == job.job; });
    if (known != jobs.end())
        *known = std::move(job);
    else
        jobs.push_back(std::move(job));
}

void memory_state::finish(std::shared_ptr<const run_record> run)
{
    open_.erase({run->chain, run->scheduled_at});
    history_.erase(run->chain, run->id);
    const instant at = run->ended_at.value_or(run->started_at);
    append(at, std::move(run));
}

void memory_state::append(instant at, std::variant<memory_history::ended_run, missed_record> what)
{
    const auto gone = history_.append(at, std::move(what));
    // A job that was removed, or that runs too rarely to be worth its room.
    if (gone && !open_.has_chain(*gone)) claimed_.erase(*gone);
}

std::optional<run_record> memory_state::find_run(run_id id) const
{
    if (const auto* const open = open_.find(id)) {
        run_record out = open->run.run;
        if (open->owner == 0) out.reason = reason::crash;
        return out;
    }
    const run_record* const ended = history_.find_run(id);
    return ended != nullptr ? std::optional(*ended) : std::nullopt;
}

std::vector<run_id> memory_state::find_ids(run_id first, run_id last, std::size_t limit) const
{
    std::vector<run_id> out = history_.ids();
    const std::vector<run_id> open = open_.ids();
    out.insert(out.end(), open.begin(), open.end());
    std::erase_if(out, [&](run_id id) { return id < first || last < id; });
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    if (out.size() > limit) out.resize(limit);
    return out;
}

} // namespace carillon::detail
