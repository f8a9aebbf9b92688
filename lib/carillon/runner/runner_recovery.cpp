// From what an earlier process left open to runs under way: the part of the runner's core that
// recovers.

#include <carillon/detail/crash_point.hpp>
#include <carillon/runner/recovery.hpp>
#include <carillon/runner/runner_core.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace asio = boost::asio;

namespace carillon {
namespace {

/// The clock may be set meanwhile.
constexpr microseconds longest_wait = std::chrono::minutes{1};

} // namespace

/** Claims what was cut off, so that nobody else goes on with it. From here on its chains are busy.
 */
void runner::core::recover(std::vector<open_run> cut_off)
{
    if (cut_off.empty()) return;
    detail::crash_point("recovery.loaded");
    auto mine = std::make_shared<std::vector<cut_off_run>>(sort_out(std::move(cut_off)));
    claim_batch batch;
    batch.claims.reserve(mine->size());
    for (const auto& [o, why_not, waits] : *mine) {
        gate& g = chains_[o.run.chain].gate;
        ++(waits ? g.waiting : g.running);
        batch.claims.push_back(
            {.chain = o.run.chain,
             .scheduled_at = o.run.scheduled_at,
             .run = o.run.id,
             .trigger = o.run.trigger,
             .due = o.due,
             .recovers = o.recovers,
             .what = claim_request::kind::recovered});
    }
    recorder_->claim(
        std::move(batch), [self = shared_from_this(),
                           mine](const error_code& ec, const std::vector<carillon::claim>& claims) {
            self->recovered(mine, ec, claims);
        });
}

/** What becomes of each: of a chain one goes on and the others follow it in the order of their
 * claims, unless its `overlap` says otherwise. */
std::vector<runner::core::cut_off_run> runner::core::sort_out(std::vector<open_run> cut_off) const
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
            waits = !is_first && policy != overlap_policy::replace;
            if (!is_first && policy == overlap_policy::replace)
                out[before->second].why_not = reason::overlap;
            before->second = out.size();
        }
        out.push_back({std::move(open), why_not, waits});
    }
    return out;
}

void runner::core::recovered(
    const std::shared_ptr<std::vector<cut_off_run>>& cut_off,
    const error_code& ec,
    const std::vector<carillon::claim>& claims)
{
    detail::crash_point("recovery.claimed");
    std::vector<open_run> again;
    for (std::size_t i = 0; i < cut_off->size(); ++i) {
        auto& [open, why_not, waits] = (*cut_off)[i];
        const std::string chain = open.run.chain;
        // What stopped meanwhile leaves it to the next start: it is still open.
        if (ec || !claims[i].won || draining_) {
            if (ec) again.push_back(std::move(open));
            waits ? leave_queue(chain) : leave_gate(chain);
            continue;
        }
        open.run.fence = claims[i].fence;
        if (why_not)
            end_interrupted(std::move(open.run), *why_not);
        else if (waits && chains_.at(chain).gate.running > 0)
            chains_.at(chain).cut_off.push_back(std::move(open));
        else
            go_on(std::make_shared<open_run>(std::move(open)), waits);
    }
    if (ec && is_firing()) recover_later(std::move(again));
}

void runner::core::recover_later(std::vector<open_run> cut_off)
{
    const auto signal = add_recovery_wait();
    shared_->time.async_wait_for(
        pause_before_next_try,
        asio::bind_cancellation_slot(
            signal->slot(), [weak = weak_from_this(), signal,
                             cut_off = std::move(cut_off)](const error_code& ec) mutable {
                const auto self = weak.lock();
                if (!self || ec == asio::error::operation_aborted) return;
                self->recover(std::move(cut_off));
            }));
}

/** For a wait that ends when firing stops, and that keeps the signal as long as it waits. */
std::shared_ptr<asio::cancellation_signal> runner::core::add_recovery_wait()
{
    std::erase_if(recovery_waits_, [](const auto& s) { return s.use_count() == 1; });
    return recovery_waits_.emplace_back(std::make_shared<asio::cancellation_signal>());
}

/** Tells of, and records, a run that is not taken up again. */
void runner::core::end_interrupted(run_record run, reason why)
{
    const auto plan = plan_;
    if (const auto first = plan->find(run.chain)) {
        chain_walk walk = walk_of(*plan, *first, run.trigger);
        align(run.jobs, walk);
        mark_underway(run.jobs, walk, run.started_at);
    }
    interrupt(run, why, shared_->time.now());
    const auto job_of = [&](const std::string& name) {
        const auto j = plan->find(name);
        return j ? (*plan)[*j] : job{.name = name, .url = {}};
    };
    auto ended = std::make_shared<const run_record>(std::move(run));
    recorder_->record(ended);
    for (const job_record& j : ended->jobs)
        if (j.outcome == outcome::interrupted) shared_->emit(job_ended{*ended, job_of(j.job), j});
    shared_->emit(carillon::run_ended{*ended, job_of(ended->chain)});
    leave_gate(ended->chain);
}

/** Goes on with a run whose chain is free; it has waited for that, or not. */
void runner::core::go_on(const std::shared_ptr<open_run>& open, bool has_waited)
{
    if (has_waited) {
        gate& g = chains_.at(open->run.chain).gate;
        --g.waiting;
        ++g.running;
    }
    go_on_when_due(open);
}

/** Not before its instant: the clock may have been set back since it was claimed. */
void runner::core::go_on_when_due(const std::shared_ptr<open_run>& open)
{
    if (open->due <= shared_->time.now()) {
        set_back_.erase({open->run.chain, open->run.scheduled_at});
        const auto first = plan_->find(open->run.chain);
        if (!first) return end_interrupted(std::move(open->run), reason::removed);
        open->run.lateness = std::max(open->run.started_at - open->due, microseconds{0});
        const auto from = open->is_owned ? chain_run::beginning::fresh // and never begun
                                         : chain_run::beginning::cut_off;
        start_run(
            plan_, *first, std::move(open->run), from, cancelling_,
            [self = shared_from_this()](const auto& run) { self->run_ended(run); });
        return;
    }
    // Its chain goes on meanwhile: that instant may be years away.
    leave_gate(std::string(open->run.chain));
    ++underway_;
    const auto signal = add_recovery_wait();
    shared_->time.async_wait_for(
        std::min(open->due - shared_->time.now(), longest_wait),
        asio::bind_cancellation_slot(
            signal->slot(), [self = shared_from_this(), signal, open](const error_code&) {
                --self->underway_;
                // Still open, it is left to the next start.
                if (!self->draining_) {
                    ++self->chains_[open->run.chain].gate.running;
                    self->go_on_when_due(open);
                }
                self->finish_if_idle();
            }));
}

} // namespace carillon
