// From what an earlier process left open to runs under way: the part of the runner's core that
// recovers.

#include "base/crash_point.hpp"
#include "runner/core/runner_core.hpp"
#include "runner/run/recovery.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/// The clock may be set meanwhile.
constexpr microseconds longest_wait = std::chrono::minutes{1};

} // namespace

/** Claims what was cut off, so that nobody else goes on with it. From here on its chains are busy.
 */
void runner_core::recover(std::vector<open_run> cut_off)
{
    if (cut_off.empty()) return;
    crash_point("recovery.loaded");
    auto mine = std::make_shared<std::vector<cut_off_run>>(sort_out(std::move(cut_off)));
    claim_batch batch;
    batch.claims.reserve(mine->size());
    for (const auto& [o, why_not, waits] : *mine) {
        chains_[o.run.chain].slots.offer_crashed(waits);
        batch.claims.push_back(
            {.chain = o.run.chain,
             .scheduled_at = o.run.scheduled_at,
             .run = o.run.id,
             .trigger = o.run.trigger,
             .due = o.due,
             .recovers = o.recovers,
             .what = claim_request::kind::recovered});
    }
    journal_->claim(
        std::move(batch), [self = shared_from_this(),
                           mine](const error_code& ec, const std::vector<carillon::claim>& claims) {
            self->recovered(mine, ec, claims);
        });
}

/** What becomes of each: of a chain one goes on and the others follow it in the order of their
 * claims, unless its `overlap` says otherwise. */
std::vector<runner_core::cut_off_run> runner_core::sort_out(std::vector<open_run> cut_off) const
{
    std::unordered_map<std::string, std::size_t> last; // of each chain, that goes on
    std::vector<cut_off_run> out;
    out.reserve(cut_off.size());
    for (open_run& open : cut_off) {
        const auto why_not = why_interrupted(open, *plan_, shared_->time.now());
        const auto first = plan_->find(open.run.chain);
        const auto policy = first ? (*plan_)[*first].overlap : overlap_policy::skip;
        const bool is_bound = is_by_schedule(open.run.trigger) && policy != overlap_policy::allow;
        bool waits = false;
        if (!why_not && is_bound) {
            const auto [before, is_first] = last.try_emplace(open.run.chain, out.size());
            // What makes up for a missed instant waits, whatever goes.
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

void runner_core::recovered(
    const std::shared_ptr<std::vector<cut_off_run>>& cut_off,
    const error_code& ec,
    const std::vector<carillon::claim>& claims)
{
    crash_point("recovery.claimed");
    std::vector<open_run> again;
    for (std::size_t i = 0; i < cut_off->size(); ++i) {
        auto& [open, why_not, waits] = (*cut_off)[i];
        const std::string chain = open.run.chain;
        if (ec || !claims[i].won) {
            if (ec) again.push_back(std::move(open));
            waits ? leave_line(chain) : leave_slot(chain);
            continue;
        }
        if (draining_) { // stopped meanwhile
            leave_open(open);
            waits ? leave_line(chain) : leave_slot(chain);
            continue;
        }
        open.run.fence = claims[i].fence;
        if (why_not && !open.may_have_begun)
            end_unbegun(open, *why_not);
        else if (why_not)
            end_interrupted(std::move(open.run), *why_not);
        else if (const auto crashed = std::make_shared<open_run>(std::move(open));
                 !waits || chains_.at(chain).slots.settle_crashed(crashed))
            go_on_when_due(crashed);
    }
    if (ec && is_firing()) recover_later(std::move(again));
}

void runner_core::recover_later(std::vector<open_run> cut_off)
{
    const auto signal = add_recovery_wait();
    shared_->time.async_wait_for(
        pause_before_next_try,
        asio::bind_cancellation_slot(
            signal->slot(), [weak = weak_from_this(), signal,
                             cut_off = std::move(cut_off)](const error_code& ec) mutable {
                const auto self = weak.lock();
                if (!self || ec == asio::error::operation_aborted) return;
                if (!self->is_firing()) return; // it has stopped just as the wait was over
                self->recover(std::move(cut_off));
            }));
}

/** For a wait that ends when firing stops, and that keeps the signal as long as it waits. */
std::shared_ptr<asio::cancellation_signal> runner_core::add_recovery_wait()
{
    std::erase_if(recovery_waits_, [](const auto& s) { return s.use_count() == 1; });
    return recovery_waits_.emplace_back(std::make_shared<asio::cancellation_signal>());
}

/** Tells of, and records, a run that is not taken up again. */
void runner_core::end_interrupted(run_record run, reason why)
{
    const auto plan = plan_;
    interrupt(run, *plan, why, shared_->time.now());
    const auto job_of = [&](const std::string& name) {
        const auto j = plan->find(name);
        return j ? (*plan)[*j] : job{.name = name, .url = {}};
    };
    auto ended = std::make_shared<const run_record>(std::move(run));
    journal_->record(ended);
    for (const job_record& j : ended->jobs)
        if (j.outcome == outcome::interrupted) shared_->emit(job_ended{*ended, job_of(j.job), j});
    shared_->emit(carillon::run_ended{*ended, job_of(ended->chain)});
    leave_slot(ended->chain);
}

/** Tells of, and records, a run of which nothing has begun, and nothing will. */
void runner_core::end_unbegun(const open_run& open, reason why)
{
    const instant now = shared_->time.now();
    run_record run = open.run;
    run.outcome = outcome::skipped;
    run.reason = why;
    run.started_at = now;
    run.ended_at = now;
    run.jobs.clear();
    const auto first = plan_->find(run.chain);
    const job of = first ? (*plan_)[*first] : job{.name = run.chain, .url = {}};
    journal_->record(std::make_shared<const run_record>(run));
    shared_->emit(run_skipped{of, run.scheduled_at, why, 1});
    leave_slot(run.chain);
}

/** Goes on with a run that has a place, but not before its instant: it may have been claimed ahead,
 * and the clock may have been set back since. */
void runner_core::go_on_when_due(const std::shared_ptr<open_run>& open)
{
    if (open->due > shared_->time.now()) {
        // Its chain goes on meanwhile: that instant may be years away.
        awaited_.insert({open->run.chain, open->run.scheduled_at});
        leave_slot(std::string(open->run.chain));
        return wait_until_due(open);
    }
    awaited_.erase({open->run.chain, open->run.scheduled_at});
    const auto first = plan_->find(open->run.chain);
    if (!first) return end_interrupted(std::move(open->run), reason::removed);
    if (is_not_wanted(*open, *first)) return leave_slot(std::string(open->run.chain));
    const auto from =
        open->may_have_begun ? chain_run::beginning::cut_off : chain_run::beginning::fresh;
    const instant started = open->may_have_begun ? open->run.started_at : shared_->time.now();
    open->run.lateness = std::max(started - open->due, microseconds{0});
    start_run(
        plan_, *first, std::move(open->run), from, fate_of_starts(),
        [self = shared_from_this()](const auto& run) { self->run_ended(run); });
}

/** Whether a run of which nothing has begun comes too late; it is recorded then. */
bool runner_core::is_not_wanted(open_run& open, job_index first)
{
    const job& j = (*plan_)[first];
    if (open.may_have_begun || !is_by_schedule(open.run.trigger) ||
        !std::holds_alternative<schedule>(j.trigger))
        return false;
    claimed_run run{.due = {}, .id = open.run.id, .fence = open.run.fence};
    run.due.job = first;
    run.due.scheduled_at = run.due.occurrence = open.run.scheduled_at;
    run.due.due = open.due;
    run.due.caught_up = open.run.trigger == run_trigger::catch_up;
    if (is_past(j, run.due)) {
        settle_unsent({plan_, run}, reason::window);
        return true;
    }
    if (run.due.caught_up) open.run.trigger = run_trigger::catch_up;
    return false;
}

void runner_core::wait_until_due(const std::shared_ptr<open_run>& open)
{
    ++underway_;
    const auto signal = add_recovery_wait();
    shared_->time.async_wait_for(
        std::min(open->due - shared_->time.now(), longest_wait),
        asio::bind_cancellation_slot(
            signal->slot(), [self = shared_from_this(), signal, open](const error_code&) {
                --self->underway_;
                if (self->draining_)
                    self->leave_open(*open);
                else if (open->due > self->shared_->time.now())
                    self->wait_until_due(open);
                else if (self->was_paused(*open))
                    self->journal_->give_back(
                        {{.chain = open->run.chain,
                          .scheduled_at = open->run.scheduled_at,
                          .run = open->run.id}});
                else
                    self->enter_again(open);
                self->finish_if_idle();
            }));
}

/** Whether its job was paused or disabled before it was due. */
bool runner_core::was_paused(const open_run& open) const
{
    const auto j = plan_->find(open.run.chain);
    return j && is_by_schedule(open.run.trigger) &&
           (timetable_.is_paused(*j) || !(*plan_)[*j].enabled);
}

/** Its instant has come: it starts, or follows what goes. */
void runner_core::enter_again(const std::shared_ptr<open_run>& open)
{
    auto& slots = chains_[open->run.chain].slots;
    const auto first = plan_->find(open->run.chain);
    const bool may_overlap = first && (*plan_)[*first].overlap == overlap_policy::allow;
    const bool waits = slots.is_busy() && !may_overlap;
    slots.offer_crashed(waits);
    if (!waits || slots.settle_crashed(open)) go_on_when_due(open);
}

/** A stop leaves a run that was cut off to the next start once more. */
void runner_core::leave_open(const open_run& open)
{
    using kind = returned_claim::kind;
    journal_->give_back(
        {{.chain = open.run.chain,
          .scheduled_at = open.run.scheduled_at,
          .run = open.run.id,
          .what = open.may_have_begun ? kind::begun : kind::unbegun}});
}

} // namespace carillon::detail
