#include "runner/core/claims.hpp"

#include "base/crash_point.hpp"
#include "runner/plan/used_names.hpp"
#include "runner/run/run_id.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/// Runs that start without a pause for signals, replies and timers.
constexpr std::size_t runs_in_a_row = 64;

} // namespace

claims::batch_ptr claims::make_batch(instant at) const
{
    return std::make_shared<batch>(shared_->time, plan_.jobs(), at);
}

void claims::fire_due()
{
    const due_work work = plan_.times().take_due(
        shared_->time.now(), [this](job_index j) { return has_turn(j); },
        [this](job_index j) { return is_held(j); });
    fire(make_batch(), work);
}

/** Has the store write down what is due; the runs start when it has. */
void claims::fire(batch_ptr b, const due_work& work)
{
    // What is due belongs to these jobs, even if a listener or a reload brings others meanwhile.
    const auto jobs = b->jobs;
    store_changes asked = plan_.changes_of(work);
    const refusals none = admit(work.runs, *b);
    asked.missed.insert(asked.missed.end(), none.records.begin(), none.records.end());
    if (!b->runs.empty())
        claim(std::move(b), std::move(asked));
    else
        journal_->write(std::move(asked));
    plan_.tell_missed(*jobs, work.missed);
    for (const event& e : none.told) shared_->emit(e);
}

/** Offers what is due to its chain's slots. */
claims::refusals claims::admit(const std::vector<due_run>& due, batch& into)
{
    refusals out;
    into.runs.reserve(due.size());
    for (const due_run& d : due) {
        const job& first = (*into.jobs)[d.job];
        if (calls_.is_awaited(first.name, d)) continue;
        auto& slots = chains_.slots_of(first.name);
        const admission how = d.caught_up ? slots.offer_catch_up() : slots.offer(first.overlap);
        if (how != admission::skip) {
            into.runs.push_back(
                {.due = d,
                 .how = how,
                 .id = make_run_id(shared_->time.now(), shared_->random),
                 .has_turn = d.caught_up});
            continue;
        }
        const int in_a_row = slots.skipped_in_a_row();
        out.records.push_back(missed_once(first.name, d.scheduled_at, reason::overlap));
        out.told.emplace_back(run_skipped{
            .first = first,
            .scheduled_at = d.scheduled_at,
            .reason = reason::overlap,
            .in_a_row = in_a_row});
        if (is_alarming(in_a_row)) out.told.emplace_back(overlap_persists{first, in_a_row});
    }
    return out;
}

void claims::skip_due()
{
    const auto jobs = plan_.jobs();
    const due_work work = plan_.times().take_late(shared_->time.now());
    store_changes notes = plan_.changes_of(work);
    for (const due_run& d : work.runs)
        notes.missed.push_back(missed_once((*jobs)[d.job].name, d.scheduled_at, reason::shutdown));
    journal_->write(std::move(notes));
    plan_.tell_missed(*jobs, work.missed);
    for (const due_run& d : work.runs)
        shared_->emit(run_skipped{
            .first = (*jobs)[d.job], .scheduled_at = d.scheduled_at, .reason = reason::shutdown});
}

bool claims::has_turn(job_index j) const { return chains_.has_turn((*plan_.jobs())[j].name); }

/** While the store fails, what cannot go without it waits for it. */
bool claims::is_held(job_index j) const
{
    return journal_->is_failing() && !may_run_unclaimed(*plan_.jobs(), j);
}

bool claims::may_run_unclaimed(const job_set& jobs, job_index first) const
{
    if (on_store_error_ == on_store_error::stop) return false;
    const auto chain = jobs.chain_from(first);
    return std::all_of(chain.begin(), chain.end(), [&](job_index j) {
        return jobs[j].delivery == delivery_policy::at_least_once;
    });
}

void claims::judge_held()
{
    if (life_.is_firing()) plan_.settle(plan_.times().judge_held(shared_->time.now()));
}

void claims::release_held()
{
    if (!life_.is_firing()) return;
    plan_.times().release_held(shared_->time.now(), [this](job_index j) { return has_turn(j); });
    calls_.arm();
}

void claims::claim(batch_ptr b, store_changes asked)
{
    // Also where its instant has come by now: the clock may be set back before it is answered.
    if (b->at != instant::min()) ahead_.push_back(b);
    asked.claims.reserve(b->runs.size());
    for (const claimed_run& r : b->runs)
        asked.claims.push_back(
            {.chain = (*b->jobs)[r.due.job].name,
             .scheduled_at = r.due.scheduled_at,
             .run = r.id,
             .trigger = r.due.caught_up ? run_trigger::catch_up : run_trigger::schedule,
             .due = r.due.due});
    journal_->claim(
        std::move(asked),
        [this, b](const error_code& ec, const std::vector<carillon::claim>& answers) {
            crash_point("claim.answered");
            claimed(b, ec, answers);
        });
}

/** Starts what was won. What was not belongs to another process that shares the store, or has had
 * its name before this one knew of it. */
void claims::claimed(
    const batch_ptr& b, const error_code& ec, const std::vector<carillon::claim>& answers)
{
    const auto jobs = b->jobs;
    std::vector<claimed_run> won;
    std::vector<claimed_run> past;
    std::vector<claimed_run> unclaimed;
    std::vector<claimed_run> lost;
    auto again = std::make_shared<batch>(shared_->time, jobs, b->at);
    for (std::size_t i = 0; i < b->runs.size(); ++i) {
        claimed_run r = b->runs[i];
        if (r.is_taken_back) continue;
        const auto& s = std::get<schedule>((*jobs)[r.due.job].trigger);
        r.has_claim = !ec && answers[i].won;
        if (r.has_claim || (ec && may_run_unclaimed(*jobs, r.due.job))) {
            r.fence = r.has_claim ? answers[i].fence : chains_.own_fence();
            chains_.saw_fence(r.fence);
            (is_past(s, r.due, shared_->time.now()) ? past : won).push_back(r);
        } else if (ec) {
            unclaimed.push_back(r);
        } else if (plan_.times().jobs() == jobs && plan_.times().name_anew(r.due)) {
            again->runs.push_back(r);
        } else {
            lost.push_back(r);
        }
    }
    // From here on others may act: what a listener takes back is what is in the batch.
    b->runs = std::move(won);
    b->is_claimed = true;
    if (!again->runs.empty()) claim_anew(std::move(again));
    put_back_unclaimed(*b, unclaimed);
    for (const claimed_run& r : past) {
        chains_.record_skipped({jobs, r}, reason::window);
        chains_.release({jobs, r});
    }
    for (const claimed_run& r : lost) chains_.release({jobs, r});
    if (!b->has_begun) is_all_taken_back(*b) ? forget(*b) : start_when_due(b);
}

void claims::claim_anew(batch_ptr b)
{
    std::vector<job_index> jobs;
    for (const claimed_run& r : b->runs) jobs.push_back(r.due.job);
    claim(std::move(b), {.memories = plan_.memories_of(jobs)});
}

/** In slices: ten thousand runs at one instant must not hold up all else. */
void claims::start_some(batch_ptr b, std::size_t from)
{
    const std::size_t to = std::min(from + runs_in_a_row, b->runs.size());
    for (std::size_t i = from; i < to; ++i) chains_.enter({b->jobs, b->runs[i]});
    if (to == b->runs.size()) return;
    auto rest = [this, b = std::move(b), to] { start_some(b, to); };
    asio::post(shared_->executor, work_.track(std::move(rest)));
}

/** Runs whose claims have failed are due as before; see @ref is_held. */
void claims::put_back_unclaimed(const batch& b, const std::vector<claimed_run>& runs)
{
    // First, since others may start by it, and a listener may change the jobs.
    for (const claimed_run& r : runs) chains_.release({b.jobs, r});
    std::vector<due_run> due;
    std::vector<missed_record> lost; // of jobs that were replaced
    for (const claimed_run& r : runs) {
        const instant at = r.due.scheduled_at;
        if (const auto d = in_current_jobs(*b.jobs, r.due))
            due.push_back(*d);
        else
            lost.push_back(missed_once((*b.jobs)[r.due.job].name, at, reason::removed));
    }
    if (!lost.empty()) journal_->write_later({.missed = lost});
    put_back(due);
    tell_lost(lost);
}

void claims::tell_lost(const std::vector<missed_record>& lost) const
{
    for (const missed_record& m : lost)
        shared_->emit(runs_missed{
            .first = job{.name = m.chain, .url = {}},
            .from = m.from,
            .to = m.to,
            .reason = m.reason});
}

/** The same run where its job has the same instants in the timetable's jobs. */
std::optional<due_run> claims::in_current_jobs(const job_set& jobs, due_run due) const
{
    const auto planned = plan_.times().jobs();
    if (!planned) return std::nullopt;
    const job_set& now = *planned;
    if (&now == &jobs) return due;
    const job& first = jobs[due.job];
    const auto at = now.find(first.name);
    const auto* s = at ? std::get_if<schedule>(&now[*at].trigger) : nullptr;
    if (s == nullptr || !has_same_instants(std::get<schedule>(first.trigger), *s))
        return std::nullopt;
    due.job = *at;
    return due;
}

/** In the timetable, and in what is remembered by now as though they were claimed. */
void claims::put_back(const std::vector<due_run>& due)
{
    if (due.empty()) return;
    const auto jobs = plan_.times().jobs();
    std::multimap<std::string_view, const due_run*> by_job;
    for (const due_run& r : due) by_job.emplace((*jobs)[r.job].name, &r);
    journal_->amend([&](job_memory& m) {
        const auto [begin, end] = by_job.equal_range(m.job);
        for (auto r = begin; r != end; ++r) move_to_backlog(m, *r->second);
    });
    // Also when firing has stopped: what is remembered of the jobs is for the next start.
    plan_.settle(plan_.times().put_back(due, shared_->time.now()));
    if (life_.is_firing()) calls_.arm();
}

void claims::move_to_backlog(job_memory& m, const due_run& r) const
{
    insert_by_age(m.backlog, {r.ticks, r.occurrence, r.occurrence, 1});
    const auto& s = std::get<schedule>((*plan_.times().jobs())[r.job].trigger);
    take_use_back(s, m.used, r.ticks, r.occurrence);
}

} // namespace carillon::detail
