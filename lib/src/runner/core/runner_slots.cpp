// From what is claimed to runs under way, and to what follows them: the part of the runner's core
// that works its chains' slots.

#include "runner/core/runner_core.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/// Runs that start without a pause for signals, replies and timers.
constexpr std::size_t runs_in_a_row = 256;

} // namespace

/** A run that is not started leaves its place. */
void runner_core::give_up(const job_set& plan, const claimed_run& run)
{
    const std::string& chain = plan[run.due.job].name;
    if (run.has_turn) end_turn(chain);
    run.how == admission::start ? leave_slot(chain) : leave_line(chain);
}

/** A stop leaves it to the next start, as though it had been killed before it began. */
void runner_core::leave_open(const std::shared_ptr<const job_set>& plan, const claimed_run& run)
{
    leave_unbegun(plan, run);
    give_up(*plan, run);
}

/** The same of one that has no place any more. */
void runner_core::leave_unbegun(const std::shared_ptr<const job_set>& plan, const claimed_run& run)
{
    if (run.has_claim)
        journal_->give_back(
            {give_back_of((*plan)[run.due.job], run, returned_claim::kind::unbegun)});
    else
        settle_unsent({plan, run}, reason::shutdown);
}

/** In slices: ten thousand runs at one instant must not hold up all else. */
void runner_core::start_some(std::shared_ptr<due_batch> batch, std::size_t from)
{
    const std::size_t to = std::min(from + runs_in_a_row, batch->runs.size());
    for (std::size_t i = from; i < to; ++i) {
        const claimed_run& r = batch->runs[i];
        leaves_open() ? leave_open(batch->plan, r) : enter(batch->plan, r);
    }
    if (to == batch->runs.size()) return;
    ++underway_;
    asio::post(shared_->executor, [self = shared_from_this(), batch = std::move(batch), to] {
        self->start_some(batch, to);
        --self->underway_;
        self->finish_if_idle();
    });
}

/** Starts a run that is claimed, or lets it wait for the end of the one before. */
void runner_core::enter(const std::shared_ptr<const job_set>& plan, const claimed_run& run)
{
    if (run.how == admission::start) return start_due(plan, run, fate_of_starts());
    if (!draining_ || !chains_.at((*plan)[run.due.job].name).slots.is_busy())
        return stand_in_line({plan, run});
    settle_unsent({plan, run}, reason::shutdown);
    give_up(*plan, run);
}

void runner_core::stand_in_line(const queued_run& next)
{
    const job& first = (*next.plan)[next.run.due.job];
    const bool side_by_side = first.overlap == overlap_policy::allow;
    const auto what = chains_.at(first.name).slots.settle(next, next.run.how, side_by_side);
    if (what.starts) return start_due(next.plan, next.run, fate_of_starts());
    if (what.displaced)
        tell_displaced(std::get<queued_run>(*what.displaced), what.skipped_in_a_row);
    // A listener may have ended the waiting.
    const auto at = chains_.find(first.name);
    if (what.cancels && at != chains_.end() && at->second.slots.has_queued())
        cancel_all(at->second);
}

/** A newer run has its place. */
void runner_core::tell_displaced(const queued_run& older, int skipped_in_a_row)
{
    if (skipped_in_a_row == 0) return settle_unsent(older, reason::coalesced);
    settle_unsent(older, reason::overlap, skipped_in_a_row);
    if (is_alarming(skipped_in_a_row))
        shared_->emit(overlap_persists{(*older.plan)[older.run.due.job], skipped_in_a_row});
}

void runner_core::cancel_all(const chain_state& chain)
{
    std::vector<std::shared_ptr<chain_run>> going; // what a run tells may end others
    going.reserve(chain.going.size());
    for (chain_run* run : chain.going) going.push_back(run->shared_from_this());
    for (const auto& run : going) run->cancel(reason::overlap);
}

/** Records a claimed run that comes to nothing. */
void runner_core::settle_unsent(const queued_run& queued, reason why, int in_a_row)
{
    const job& first = (*queued.plan)[queued.run.due.job];
    const due_run& due = queued.run.due;
    const instant now = shared_->time.now();
    journal_->record(std::make_shared<const run_record>(run_record{
        .id = queued.run.id,
        .chain = first.name,
        .scheduled_at = due.scheduled_at,
        .trigger = due.caught_up ? run_trigger::catch_up : run_trigger::schedule,
        .outcome = outcome::skipped,
        .reason = why,
        .started_at = now,
        .ended_at = now,
        .fence = queued.run.fence,
        .jobs = {}}));
    shared_->emit(run_skipped{first, due.scheduled_at, why, in_a_row});
}

/** When firing stops nothing waits any more. */
void runner_core::empty_lines()
{
    std::vector<waiting_run> waiting;
    for (auto& [name, chain] : chains_)
        for (waiting_run& w : chain.slots.stop()) waiting.push_back(std::move(w));
    for (const waiting_run& w : waiting) {
        if (const auto* crashed = std::get_if<std::shared_ptr<open_run>>(&w)) {
            leave_open(**crashed);
            forget_if_idle((*crashed)->run.chain);
            continue;
        }
        const auto& [plan, run] = std::get<queued_run>(w);
        const std::string& chain = (*plan)[run.due.job].name;
        leaves_open() ? leave_unbegun(plan, run) : settle_unsent({plan, run}, reason::shutdown);
        if (run.has_turn) end_turn(chain);
        forget_if_idle(chain);
    }
}

void runner_core::start_due(
    const std::shared_ptr<const job_set>& plan, const claimed_run& r, fate what)
{
    run_record record = record_of(*plan, r);
    record.lateness = std::max(shared_->time.now() - r.due.due, microseconds{0});
    start_run(
        plan, r.due.job, std::move(record), chain_run::beginning::fresh, what,
        [self = shared_from_this(), had_turn = r.has_turn](const auto& run) {
            self->run_ended(run, had_turn);
        });
}

run_record runner_core::record_of(const job_set& plan, const claimed_run& r)
{
    run_record record;
    record.id = r.id;
    record.chain = plan[r.due.job].name;
    record.scheduled_at = r.due.scheduled_at;
    record.trigger = r.due.caught_up ? run_trigger::catch_up : run_trigger::schedule;
    record.fence = r.fence;
    return record;
}

std::shared_ptr<chain_run> runner_core::start_run(
    const std::shared_ptr<const job_set>& plan,
    job_index first,
    run_record record,
    chain_run::beginning from,
    fate what,
    chain_run::end_handler on_end)
{
    std::int64_t& last_fence = chains_.at(record.chain).fence;
    // It has waited, and others that were claimed later have been sent: to its endpoint it would be
    // stale.
    if (record.fence < last_fence) record.fence = own_fence();
    last_fence = record.fence;
    auto run = std::make_shared<chain_run>(shared_, plan, first, std::move(record), from);
    runs_.emplace(run.get(), run);
    chains_.at(run->record().chain).going.push_back(run.get());
    if (what == fate::cancelled) run->cancel();
    if (what == fate::shut_down) run->cancel(reason::shutdown);
    run->start(std::move(on_end));
    return run;
}

/** A run has ended: of those that wait one has its place. */
void runner_core::leave_slot(const std::string& name)
{
    auto& slots = chains_.at(name).slots;
    slots.end();
    // At a stop what waits is left open.
    const auto next = is_stopping_ ? std::nullopt : slots.next();
    if (!next) return forget_if_idle(name);
    if (const auto* crashed = std::get_if<std::shared_ptr<open_run>>(&*next))
        return go_on_when_due(*crashed);
    const auto& [plan, run] = std::get<queued_run>(*next);
    start_due(plan, run, fate_of_starts());
}

/** What else was missed may follow. */
void runner_core::end_turn(const std::string& chain)
{
    if (!chains_.at(chain).slots.end_turn()) return;
    const auto j = is_firing() ? plan_->find(chain) : std::nullopt;
    if (j && timetable_.release(*j, shared_->time.now())) arm();
}

void runner_core::leave_line(const std::string& chain)
{
    chains_.at(chain).slots.withdraw();
    forget_if_idle(chain);
}

void runner_core::forget_if_idle(const std::string& chain)
{
    const auto at = chains_.find(chain);
    if (at != chains_.end() && at->second.slots.is_idle()) chains_.erase(at);
}

} // namespace carillon::detail
