// Claims ahead of their instant: the part of the runner's core that hides the store's time.

#include <carillon/runner/runner_core.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>

namespace asio = boost::asio;

namespace carillon {

/** When to ask for the claims of what is due next. */
instant runner::core::claims_from(const wake_up& next) const
{
    if (next.jobs == 0 || next.at <= ahead_until_) return next.at;
    return next.at - std::min(shared_->store.claim_lead(next.jobs), longest_lead);
}

/** Claims what is due in a moment, so that the disk's time has passed when it is. */
void runner::core::fire_ahead()
{
    const auto next = is_firing() ? timetable_.next_wake() : std::nullopt;
    const instant now = shared_->time.now();
    if (!next || next->at <= now || claims_from(*next) > now) return;
    ahead_until_ = next->at;
    const due_work work =
        timetable_.take_ahead(next->at, [this](job_index j) { return is_busy(j); });
    fire(
        {.plan = plan_,
         .tries = other_names,
         .at = next->at,
         .boot_at = shared_->time.since_boot() + (next->at - now)},
        work);
}

/** Nothing is sent before its instant, however early its claim is answered. */
void runner::core::start_when_due(std::shared_ptr<due_batch> batch)
{
    const microseconds by_wall = batch->at - std::min(batch->at, shared_->time.now());
    const microseconds by_boot =
        batch->boot_at - std::min(batch->boot_at, shared_->time.since_boot());
    const bool is_set_back = by_wall - by_boot >= step_limit;
    if (is_set_back && !cancelling_) wait_for_wall_clock(*batch);
    const microseconds left = is_set_back ? by_boot : by_wall;
    if (left == microseconds{0} || cancelling_) return start_some(std::move(batch), 0);
    ++underway_;
    const auto signal = holds_.emplace(holds_.end());
    shared_->time.async_wait_for(
        left, asio::bind_cancellation_slot(
                  signal->slot(),
                  [self = shared_from_this(), signal, batch = std::move(batch)](const error_code&) {
                      self->holds_.erase(signal);
                      self->start_when_due(batch);
                      --self->underway_;
                      self->finish_if_idle();
                  }));
}

/** The clock has been set back since they were claimed: what follows it is not due any more, and
 * its chain goes on meanwhile. */
void runner::core::wait_for_wall_clock(due_batch& batch)
{
    std::vector<claimed_run> due;
    for (const claimed_run& r : batch.runs) {
        const job& first = (*batch.plan)[r.due.job];
        if (follows_elapsed_time(std::get<schedule>(first.trigger))) {
            due.push_back(r);
            continue;
        }
        if (draining_) { // still open, it is left to the next start
            leave_gate(first.name);
            continue;
        }
        set_back_.insert({first.name, r.due.scheduled_at});
        go_on_when_due(std::make_shared<open_run>(
            open_run{.run = record_of(*batch.plan, r), .due = batch.at, .is_owned = true}));
    }
    batch.runs = std::move(due);
}

} // namespace carillon
