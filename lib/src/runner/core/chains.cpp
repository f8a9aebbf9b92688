#include "runner/core/chains.hpp"

#include <utility>
#include <variant>

namespace carillon::detail {
namespace {

run_record record_of(const queued_run& queued)
{
    const auto& [jobs, run] = queued;
    return {
        .id = run.id,
        .chain = queued.first().name,
        .scheduled_at = run.due.scheduled_at,
        .trigger = run.due.caught_up ? run_trigger::catch_up : run_trigger::schedule,
        .fence = run.fence,
        .jobs = {}};
}

} // namespace

bool chains::has_turn(const std::string& chain) const
{
    const auto at = chains_.find(chain);
    return at != chains_.end() && at->second.slots.has_turn();
}

void chains::enter(const queued_run& run)
{
    if (leaves_open()) return refuse(run);
    if (run.run.how == admission::start) return start_due(run, how_runs_begin());
    if (!life_.is_draining() || !chains_.at(run.first().name).slots.is_busy())
        return stand_in_line(run);
    refuse(run);
}

void chains::refuse(const queued_run& run)
{
    leave_or_skip(run);
    release(run);
}

void chains::release(const queued_run& run)
{
    const std::string& chain = run.first().name;
    if (run.run.has_turn) end_turn(chain);
    run.run.how == admission::start ? leave_slot(chain) : leave_line(chain);
}

/** A stop leaves it to the next start, as though it had been killed before it began. */
void chains::leave_unbegun(const queued_run& run)
{
    if (run.run.has_claim)
        journal_->give_back({return_of(run, returned_claim::kind::unbegun)});
    else
        record_skipped(run, reason::shutdown);
}

/** The same where the store outlives the process. */
void chains::leave_or_skip(const queued_run& run)
{
    leaves_open() ? leave_unbegun(run) : record_skipped(run, reason::shutdown);
}

void chains::stand_in_line(const queued_run& next)
{
    const job& first = next.first();
    const bool side_by_side = first.overlap == overlap_policy::allow;
    const auto what = chains_.at(first.name).slots.settle(next, next.run.how, side_by_side);
    if (what.starts) return start_due(next, how_runs_begin());
    if (what.displaced)
        tell_displaced(std::get<queued_run>(*what.displaced), what.skipped_in_a_row);
    // A listener may have ended the waiting.
    const auto at = chains_.find(first.name);
    if (what.cancels && at != chains_.end() && at->second.slots.has_queued())
        cancel_going(at->second);
}

/** A newer run waits in its place. */
void chains::tell_displaced(const queued_run& older, int skipped_in_a_row)
{
    if (skipped_in_a_row == 0) return record_skipped(older, reason::coalesced);
    record_skipped(older, reason::overlap, skipped_in_a_row);
    if (is_alarming(skipped_in_a_row))
        shared_->emit(overlap_persists{older.first(), skipped_in_a_row});
}

void chains::cancel_going(const busy_chain& chain)
{
    std::vector<std::shared_ptr<chain_run>> going; // what a run tells may end others
    going.reserve(chain.going.size());
    for (chain_run* run : chain.going) going.push_back(run->shared_from_this());
    for (const auto& run : going) run->cancel(reason::overlap);
}

void chains::record_skipped(const queued_run& run, reason why, int in_a_row)
{
    run_record record = record_of(run);
    record.outcome = outcome::skipped;
    record.reason = why;
    record.started_at = shared_->time.now();
    record.ended_at = record.started_at;
    journal_->finish(std::make_shared<const run_record>(std::move(record)));
    shared_->emit(run_skipped{
        .first = run.first(),
        .scheduled_at = run.run.due.scheduled_at,
        .reason = why,
        .in_a_row = in_a_row});
}

void chains::start_due(const queued_run& queued, start how)
{
    const auto& [jobs, run] = queued;
    run_record record = record_of(queued);
    record.lateness = std::max(shared_->time.now() - run.due.due, microseconds{0});
    start_run(
        {.jobs = jobs,
         .first = run.due.job,
         .record = std::move(record),
         .how = how,
         .has_turn = run.has_turn});
}

std::shared_ptr<chain_run> chains::start_run(new_run r)
{
    busy_chain& chain = chains_.at(r.record.chain);
    // It has waited, and others that were claimed later have been sent: to its endpoint it would be
    // stale.
    if (r.record.fence < chain.fence) r.record.fence = own_fence();
    chain.fence = r.record.fence;
    auto run = std::make_shared<chain_run>(
        shared_, std::move(r.jobs), r.first, std::move(r.record), r.from);
    const std::uint64_t number = ++last_number_;
    runs_.emplace(number, run);
    chain.going.push_back(run.get());
    if (r.how == start::cancelled) run->cancel();
    if (r.how == start::at_shutdown) run->cancel(reason::shutdown);
    run->start([this, number, alive = work_.owner(), had_turn = r.has_turn,
                on_end = std::move(r.on_end)](const std::shared_ptr<chain_run>& ended) {
        if (on_end) on_end(*ended);
        runs_.erase(number);
        run_ended(ended, had_turn);
    });
    return run;
}

void chains::run_ended(const std::shared_ptr<chain_run>& run, bool had_turn)
{
    auto ended = std::make_shared<const run_record>(run->take_record());
    std::erase(chains_.at(ended->chain).going, run.get());
    const bool has_line = chains_.at(ended->chain).slots.has_line();
    // First, so that the store knows of its end before the next one's claim. What has been claimed
    // already begins when a crash cannot bring this one back any more.
    if (has_line)
        journal_->finish(ended, [this, ended] { leave_slot(ended->chain); });
    else
        journal_->finish(ended);
    if (had_turn) end_turn(ended->chain);
    if (!has_line) leave_slot(ended->chain);
}

/** Of those that wait for its end, one has its place. */
void chains::leave_slot(const std::string& chain)
{
    auto& slots = chains_.at(chain).slots;
    slots.end();
    // At a stop what waits is left open.
    const auto next = life_.begins_what_waits() ? slots.next() : std::nullopt;
    if (!next) return forget_if_idle(chain);
    if (const auto* crashed = std::get_if<std::shared_ptr<open_run>>(&*next))
        return calls_.resume(*crashed);
    start_due(std::get<queued_run>(*next), how_runs_begin());
}

void chains::leave_line(const std::string& chain)
{
    chains_.at(chain).slots.withdraw();
    forget_if_idle(chain);
}

void chains::end_turn(const std::string& chain)
{
    if (chains_.at(chain).slots.end_turn()) calls_.on_turn_over(chain);
}

void chains::forget_if_idle(const std::string& chain)
{
    const auto at = chains_.find(chain);
    if (at != chains_.end() && at->second.slots.is_idle()) chains_.erase(at);
}

std::int64_t chains::own_fence()
{
    const std::int64_t now = shared_->time.now().time_since_epoch().count();
    return fence_ = std::max(fence_ + 1, now);
}

bool chains::cancel(run_id id)
{
    for (const auto& [number, weak] : runs_) {
        const auto run = weak.lock();
        if (!run || run->record().id != id || run->record().outcome) continue;
        run->cancel();
        return true;
    }
    const auto is_it = [&](const waiting_run& w) {
        const auto* const queued = std::get_if<queued_run>(&w);
        return queued != nullptr && queued->run.id == id;
    };
    for (auto& [name, chain] : chains_) {
        const auto taken = chain.slots.take_out(is_it);
        if (!taken) continue;
        start_due(std::get<queued_run>(*taken), start::cancelled);
        return true;
    }
    return false;
}

void chains::cancel_all()
{
    // A copy: listeners may react to what they are told.
    std::vector<std::weak_ptr<chain_run>> runs;
    runs.reserve(runs_.size());
    for (const auto& [number, run] : runs_) runs.push_back(run);
    for (const auto& weak : runs)
        if (const auto run = weak.lock()) run->cancel(reason::shutdown);
}

void chains::stop()
{
    std::vector<waiting_run> waiting;
    for (auto& [name, chain] : chains_)
        for (waiting_run& w : chain.slots.stop()) waiting.push_back(std::move(w));
    for (const waiting_run& w : waiting) leave_waiting(w);
}

void chains::leave_waiting(const waiting_run& w)
{
    if (const auto* crashed = std::get_if<std::shared_ptr<open_run>>(&w)) {
        journal_->give_back({return_of(**crashed)});
        return forget_if_idle((*crashed)->run.chain);
    }
    const auto& run = std::get<queued_run>(w);
    leave_or_skip(run);
    if (run.run.has_turn) end_turn(run.first().name);
    forget_if_idle(run.first().name);
}

} // namespace carillon::detail
