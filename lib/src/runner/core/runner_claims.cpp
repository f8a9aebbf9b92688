// From what is due to what is claimed: the part of the runner's core that asks the store.

#include "base/crash_point.hpp"
#include "runner/core/runner_core.hpp"
#include "runner/plan/used_names.hpp"
#include "runner/run/run_id.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace carillon::detail {

void runner_core::fire_due()
{
    const due_work work = timetable_.take_due(
        shared_->time.now(), [this](job_index j) { return has_turn(j); },
        [this](job_index j) { return is_held(j); });
    auto batch = std::make_shared<due_batch>();
    batch->plan = plan_;
    fire(std::move(batch), work);
}

/** Has the store keep what is due, whose runs start when it has. */
void runner_core::fire(std::shared_ptr<due_batch> batch, const due_work& work)
{
    // What is due belongs to this plan, even if a listener or a reload brings another meanwhile.
    const auto plan = batch->plan;
    claim_batch asked{.missed = records_of(work.missed), .memories = memories_of(work.changed)};
    std::vector<event> told;
    admit_due(work.runs, *batch, asked, told);
    if (!batch->runs.empty())
        claim(std::move(batch), std::move(asked));
    else
        journal_->keep(std::move(asked));
    tell_missed(*plan, work.missed);
    for (const event& e : told) shared_->emit(e);
}

/** Offers what is due to its chain's slots: it goes to the batch, or to what came to nothing. */
void runner_core::admit_due(
    const std::vector<due_run>& due, due_batch& batch, claim_batch& asked, std::vector<event>& told)
{
    batch.runs.reserve(due.size());
    for (const due_run& d : due) {
        const job& first = (*batch.plan)[d.job];
        if (is_awaited(first.name, d)) continue;
        chain_state& chain = chains_[first.name];
        const admission how =
            d.caught_up ? chain.slots.offer_catch_up() : chain.slots.offer(first.overlap);
        if (how != admission::skip) {
            batch.runs.push_back(
                {.due = d,
                 .how = how,
                 .id = make_run_id(shared_->time.now(), shared_->random),
                 .has_turn = d.caught_up});
            continue;
        }
        asked.missed.push_back({first.name, d.scheduled_at, d.scheduled_at, 1, reason::overlap});
        const int in_a_row = chain.slots.skipped_in_a_row();
        told.emplace_back(run_skipped{first, d.scheduled_at, reason::overlap, in_a_row});
        if (is_alarming(in_a_row)) told.emplace_back(overlap_persists{first, in_a_row});
    }
}

/** Whether an earlier process has claimed it, perhaps under the name before. */
bool runner_core::is_awaited(const std::string& chain, const due_run& d) const
{
    const auto at = awaited_.lower_bound({chain, d.occurrence});
    return at != awaited_.end() && at->first == chain && at->second <= d.scheduled_at;
}

/** Tells of what is due when firing stops and nobody can go on with it. */
void runner_core::skip_due()
{
    const auto plan = plan_;
    const due_work work = timetable_.take_late(shared_->time.now());
    claim_batch notes{.missed = records_of(work.missed), .memories = memories_of(work.changed)};
    for (const due_run& d : work.runs)
        notes.missed.push_back(
            {(*plan)[d.job].name, d.scheduled_at, d.scheduled_at, 1, reason::shutdown});
    journal_->keep(std::move(notes));
    tell_missed(*plan, work.missed);
    for (const due_run& d : work.runs)
        shared_->emit(run_skipped{(*plan)[d.job], d.scheduled_at, reason::shutdown, 1});
}

bool runner_core::is_busy(job_index j) const { return chains_.contains((*plan_)[j].name); }

/** Whether a run that makes up for a missed instant of the job has not ended. */
bool runner_core::has_turn(job_index j) const
{
    const auto chain = chains_.find((*plan_)[j].name);
    return chain != chains_.end() && chain->second.slots.has_turn();
}

void runner_core::claim(std::shared_ptr<due_batch> batch, claim_batch asked)
{
    if (batch->at > shared_->time.now()) {
        std::erase_if(ahead_, [](const auto& b) { return b.expired(); });
        ahead_.push_back(batch);
    }
    asked.claims.reserve(batch->runs.size());
    for (const claimed_run& r : batch->runs)
        asked.claims.push_back(
            {.chain = (*batch->plan)[r.due.job].name,
             .scheduled_at = r.due.scheduled_at,
             .run = r.id,
             .trigger = r.due.caught_up ? run_trigger::catch_up : run_trigger::schedule,
             .due = r.due.due});
    journal_->claim(
        std::move(asked), [self = shared_from_this(), batch](
                              const error_code& ec, const std::vector<carillon::claim>& claims) {
            crash_point("claim.answered");
            self->claimed(batch, ec, claims);
        });
}

/** While the store fails, what cannot go without it waits for it. */
bool runner_core::is_held(job_index j) const
{
    return journal_->is_failing() && !goes_without_store(*plan_, j);
}

/** What has waited for so long that something newer has passed comes to its end. */
void runner_core::judge_held()
{
    if (is_firing()) keep_work(timetable_.judge_held(shared_->time.now()));
}

/** The store takes something again: what could wait is due. */
void runner_core::release_held()
{
    if (!is_firing()) return;
    timetable_.release_held(shared_->time.now(), [this](job_index j) { return has_turn(j); });
    arm();
}

/** Keeps, and tells of, what no run comes of. */
void runner_core::keep_work(const due_work& work)
{
    const auto plan = plan_;
    journal_->keep({.missed = records_of(work.missed), .memories = memories_of(work.changed)});
    tell_missed(*plan, work.missed);
}

/** Runs whose claims have failed are due as before; see @ref is_held. */
void runner_core::put_back_unclaimed(const due_batch& batch, std::vector<claimed_run> runs)
{
    std::vector<due_run> due;
    std::vector<missed_record> lost; // of a plan that is no more
    for (claimed_run& r : runs) {
        const job& first = (*batch.plan)[r.due.job];
        const auto now_at = plan_->find(first.name);
        const auto* s = now_at ? std::get_if<schedule>(&(*plan_)[*now_at].trigger) : nullptr;
        const bool is_same =
            s != nullptr && has_same_instants(std::get<schedule>(first.trigger), *s);
        const instant at = r.due.scheduled_at;
        give_up(*batch.plan, r);
        if (is_same) {
            r.due.job = *now_at;
            due.push_back(r.due);
        } else {
            lost.push_back({first.name, at, at, 1, reason::removed});
        }
    }
    if (!lost.empty()) journal_->keep_later({.missed = lost});
    put_back(due);
    for (const missed_record& m : lost)
        shared_->emit(runs_missed{job{.name = m.chain, .url = {}}, m.from, m.to, 1, m.reason});
}

/** In the timetable, and in what is remembered by now as though they were claimed. */
void runner_core::put_back(const std::vector<due_run>& due)
{
    if (due.empty()) return;
    std::multimap<std::string_view, const due_run*> by_job;
    for (const due_run& r : due) by_job.emplace((*plan_)[r.job].name, &r);
    journal_->amend([&](job_memory& m) {
        const auto [begin, end] = by_job.equal_range(m.job);
        for (auto r = begin; r != end; ++r) owe_instead(m, *r->second);
    });
    // Also when firing has stopped: what is remembered of the jobs is for the next start.
    if (timetable_.plan() != plan_) return;
    keep_work(timetable_.put_back(due, shared_->time.now()));
    if (is_firing()) arm();
}

void runner_core::owe_instead(job_memory& m, const due_run& r) const
{
    insert_by_age(m.owed, {r.ticks, r.occurrence, r.occurrence, 1});
    take_use_back(std::get<schedule>((*plan_)[r.job].trigger), m.used, r.ticks, r.occurrence);
}

/** Whether a job's runs are sent though they could not be claimed. */
bool runner_core::goes_without_store(const job_set& plan, job_index first) const
{
    if (on_store_error_ == carillon::on_store_error::stop) return false;
    const auto chain = plan.chain_from(first);
    return std::all_of(chain.begin(), chain.end(), [&](job_index j) {
        return plan[j].delivery == delivery_policy::at_least_once;
    });
}

/** A fence that no store has given. */
std::int64_t runner_core::own_fence()
{
    const std::int64_t now = shared_->time.now().time_since_epoch().count();
    return fence_ = std::max(fence_ + 1, now);
}

/** Whether the store has taken so long that a run is not wanted any more. */
bool runner_core::is_past(const job& first, due_run& run) const
{
    const auto& s = std::get<schedule>(first.trigger);
    const instant now = shared_->time.now();
    if (run.caught_up || is_late(s, run.due, now)) return false;
    run.caught_up = true;
    return s.catch_up == catch_up_policy::none || now - run.scheduled_at > s.catch_up_window;
}

/** Starts what was won. What was not belongs to another process that shares the store, or has had
 * its name before this one knew of it. */
void runner_core::claimed(
    const std::shared_ptr<due_batch>& batch,
    const error_code& ec,
    const std::vector<carillon::claim>& claims)
{
    const auto plan = batch->plan;
    std::vector<claimed_run> won;
    std::vector<claimed_run> past;
    std::vector<claimed_run> unclaimed;
    std::vector<claimed_run> lost;
    auto again = std::make_shared<due_batch>();
    again->plan = plan;
    again->at = batch->at;
    for (std::size_t i = 0; i < batch->runs.size(); ++i) {
        claimed_run r = batch->runs[i];
        if (r.is_taken_back) continue;
        const job& first = (*plan)[r.due.job];
        r.has_claim = !ec && claims[i].won;
        const bool goes = r.has_claim || (ec && goes_without_store(*plan, r.due.job));
        if (goes) {
            r.fence = r.has_claim ? claims[i].fence : own_fence();
            fence_ = std::max(fence_, r.fence);
            (is_past(first, r.due) ? past : won).push_back(r);
        } else if (ec) {
            unclaimed.push_back(r);
        } else if (timetable_.plan() == plan && timetable_.name_anew(r.due)) {
            again->runs.push_back(r);
        } else {
            lost.push_back(r);
        }
    }
    // From here on others may act: what a listener takes back is what is in the batch.
    batch->runs = std::move(won);
    batch->is_claimed = true;
    if (!again->runs.empty()) claim_anew(std::move(again));
    put_back_unclaimed(*batch, std::move(unclaimed));
    for (const claimed_run& r : past) {
        settle_unsent({plan, r}, reason::window);
        give_up(*plan, r);
    }
    for (const claimed_run& r : lost) give_up(*plan, r);
    if (!batch->has_begun && !batch->runs.empty()) start_when_due(batch);
}

void runner_core::claim_anew(std::shared_ptr<due_batch> batch)
{
    std::vector<job_index> jobs;
    for (const claimed_run& r : batch->runs) jobs.push_back(r.due.job);
    claim(std::move(batch), {.memories = memories_of(jobs)});
}

} // namespace carillon::detail
