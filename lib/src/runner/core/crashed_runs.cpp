#include "runner/core/crashed_runs.hpp"

#include "base/crash_point.hpp"
#include "runner/run/recovery.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <variant>

namespace carillon::detail {
namespace {

/// The clock may be set meanwhile.
constexpr microseconds longest_wait = std::chrono::minutes{1};

job job_named(const job_set& jobs, const std::string& name)
{
    const auto j = jobs.find(name);
    return j ? jobs[*j] : job{.name = name, .url = {}};
}

claim_request request_for(const open_run& open)
{
    return {
        .chain = open.run.chain,
        .scheduled_at = open.run.scheduled_at,
        .run = open.run.id,
        .trigger = open.run.trigger,
        .due = open.due,
        .recovers = open.recovers,
        .what = claim_request::kind::recovered};
}

} // namespace

void crashed_runs::recover(std::vector<open_run> crashed)
{
    if (crashed.empty()) return;
    crash_point("recovery.loaded");
    const auto all = std::make_shared<std::vector<candidate>>(sort_out(std::move(crashed)));
    store_changes batch;
    batch.claims.reserve(all->size());
    for (const candidate& c : *all) {
        auto& slots = chains_.slots_of(c.open.run.chain);
        c.waits ? slots.offer_crashed_waiting() : slots.offer_crashed();
        batch.claims.push_back(request_for(c.open));
    }
    journal_->claim(
        std::move(batch), [this, all](const error_code& ec, const std::vector<claim>& answers) {
            recovered(*all, ec, answers);
        });
}

/** Decides about each: of a chain one resumes and the others follow it in the order of their
 * claims, unless its `overlap` says otherwise. */
std::vector<crashed_runs::candidate> crashed_runs::sort_out(std::vector<open_run> crashed) const
{
    const job_set& jobs = *plan_.jobs();
    std::unordered_map<std::string, std::size_t> last; // of each chain, that resumes
    std::vector<candidate> out;
    out.reserve(crashed.size());
    for (open_run& open : crashed) {
        const auto why_not = why_interrupted(open, jobs, shared_->time.now());
        const auto first = jobs.find(open.run.chain);
        const auto policy = first ? jobs[*first].overlap : overlap_policy::skip;
        const bool is_bound = is_by_schedule(open.run.trigger) && policy != overlap_policy::allow;
        bool waits = false;
        if (!why_not && is_bound) {
            const auto [before, is_first] = last.try_emplace(open.run.chain, out.size());
            // What makes up for a missed instant waits, whatever is under way.
            const bool replaces =
                policy == overlap_policy::replace && open.run.trigger != run_trigger::catch_up;
            waits = !is_first && !replaces;
            if (!is_first && replaces) out[before->second].why_not = reason::overlap;
            before->second = out.size();
        }
        out.push_back({std::move(open), why_not, waits});
    }
    return out;
}

void crashed_runs::recovered(
    std::vector<candidate>& all, const error_code& ec, const std::vector<claim>& answers)
{
    crash_point("recovery.claimed");
    std::vector<open_run> again;
    for (std::size_t i = 0; i < all.size(); ++i) {
        candidate& c = all[i];
        if (!ec && answers[i].won && !life_.is_draining()) {
            take(c, answers[i].fence);
            continue;
        }
        if (!ec && answers[i].won) journal_->give_back({return_of(c.open)}); // stopped meanwhile
        give_up_slot(c);
        if (ec) again.push_back(std::move(c.open));
    }
    if (ec && life_.is_firing()) recover_later(std::move(again));
}

void crashed_runs::take(candidate& c, std::int64_t fence)
{
    c.open.run.fence = fence;
    if (c.why_not && !c.open.may_have_begun) return end_unbegun(c.open, *c.why_not);
    if (c.why_not) return end_interrupted(std::move(c.open.run), *c.why_not);
    const auto open = std::make_shared<open_run>(std::move(c.open));
    if (!c.waits || chains_.slots_of(open->run.chain).settle_crashed(open)) resume(open);
}

void crashed_runs::give_up_slot(const candidate& c)
{
    c.waits ? chains_.leave_line(c.open.run.chain) : chains_.leave_slot(c.open.run.chain);
}

void crashed_runs::recover_later(std::vector<open_run> crashed)
{
    auto again = [this, crashed = std::move(crashed)](const error_code&) mutable {
        recover(std::move(crashed));
    };
    retry_.wait_for(pause_before_next_try, work_.while_alive(std::move(again)));
}

/** Tells of, and records, a run that is not resumed. */
void crashed_runs::end_interrupted(run_record run, reason why)
{
    const auto jobs = plan_.jobs();
    interrupt(run, *jobs, why, shared_->time.now());
    const auto ended = std::make_shared<const run_record>(std::move(run));
    journal_->finish(ended);
    for (const job_record& j : ended->jobs)
        if (j.outcome == outcome::interrupted)
            shared_->emit(job_ended{*ended, job_named(*jobs, j.job), j});
    shared_->emit(run_ended{*ended, job_named(*jobs, ended->chain)});
    chains_.leave_slot(ended->chain);
}

/** Tells of, and records, a run of which nothing has begun, and nothing will. */
void crashed_runs::end_unbegun(const open_run& open, reason why)
{
    run_record run = open.run;
    run.outcome = outcome::skipped;
    run.reason = why;
    run.started_at = shared_->time.now();
    run.ended_at = run.started_at;
    run.jobs.clear();
    const job first = job_named(*plan_.jobs(), run.chain);
    journal_->finish(std::make_shared<const run_record>(run));
    shared_->emit(run_skipped{.first = first, .scheduled_at = run.scheduled_at, .reason = why});
    chains_.leave_slot(run.chain);
}

void crashed_runs::resume(const std::shared_ptr<open_run>& open)
{
    const std::string chain = open->run.chain;
    if (open->due > shared_->time.now()) {
        // Before others of its chain run meanwhile, since these may bring a stop.
        awaited_.insert({chain, open->run.scheduled_at});
        wait_until_due(early_.emplace(early_.end(), shared_->time, open));
        return chains_.leave_slot(chain);
    }
    awaited_.erase({chain, open->run.scheduled_at});
    const auto jobs = plan_.jobs();
    const auto first = jobs->find(chain);
    if (!first) return end_interrupted(std::move(open->run), reason::removed);
    if (is_not_wanted(*open, *first)) return chains_.leave_slot(chain);
    const bool begins = !open->may_have_begun;
    const instant started = begins ? shared_->time.now() : open->run.started_at;
    open->run.lateness = std::max(started - open->due, microseconds{0});
    chains_.start_run(
        {.jobs = jobs,
         .first = *first,
         .record = std::move(open->run),
         .from = begins ? chain_run::beginning::fresh : chain_run::beginning::crashed,
         .how = chains_.how_runs_begin()});
}

/** Whether a run of which nothing has begun comes too late; it is recorded then. */
bool crashed_runs::is_not_wanted(open_run& open, job_index first)
{
    const auto jobs = plan_.jobs();
    const auto* s = std::get_if<schedule>(&(*jobs)[first].trigger);
    if (open.may_have_begun || !is_by_schedule(open.run.trigger) || s == nullptr) return false;
    const instant at = open.run.scheduled_at;
    due_run due{
        .job = first,
        .scheduled_at = at,
        .occurrence = at,
        .due = open.due,
        .caught_up = open.run.trigger == run_trigger::catch_up};
    if (is_past(*s, due, shared_->time.now())) {
        chains_.record_skipped(
            {jobs, {.due = due, .id = open.run.id, .fence = open.run.fence}}, reason::window);
        return true;
    }
    if (due.caught_up) open.run.trigger = run_trigger::catch_up;
    return false;
}

void crashed_runs::wait_until_due(early_place at)
{
    const auto left = std::min(at->open->due - shared_->time.now(), longest_wait);
    auto then = [this, at](const error_code&) {
        if (at->open->due > shared_->time.now()) return wait_until_due(at);
        const auto open = std::move(at->open);
        early_.erase(at);
        is_due(open);
    };
    at->wait.wait_for(left, work_.while_alive(std::move(then)));
}

/** Its instant has come: its chain decides as for any other run whether it waits. */
void crashed_runs::is_due(const std::shared_ptr<open_run>& open)
{
    if (was_paused(*open)) {
        awaited_.erase({open->run.chain, open->run.scheduled_at});
        returned_claim back = return_of(*open);
        back.what = returned_claim::kind::withdrawn;
        return journal_->give_back({std::move(back)});
    }
    const auto jobs = plan_.jobs();
    const auto first = jobs->find(open->run.chain);
    const auto policy = first ? (*jobs)[*first].overlap : overlap_policy::skip;
    auto& slots = chains_.slots_of(open->run.chain);
    if (slots.offer_crashed(policy) || slots.settle_crashed(open)) resume(open);
}

/** Whether its job was paused or disabled before it was due. */
bool crashed_runs::was_paused(const open_run& open) const
{
    const job_set& jobs = *plan_.jobs();
    const auto j = jobs.find(open.run.chain);
    return j && is_by_schedule(open.run.trigger) &&
           (plan_.times().is_paused(*j) || !jobs[*j].enabled);
}

bool crashed_runs::is_awaited(const std::string& chain, const due_run& d) const
{
    const auto at = awaited_.lower_bound({chain, d.occurrence});
    return at != awaited_.end() && at->first == chain && at->second <= d.scheduled_at;
}

void crashed_runs::stop()
{
    retry_.cancel();
    std::vector<returned_claim> left;
    for (early_run& e : early_) {
        e.wait.cancel();
        left.push_back(return_of(*e.open));
    }
    early_.clear();
    awaited_.clear();
    journal_->give_back(std::move(left));
}

} // namespace carillon::detail
