// Claims ahead of their instant: the part of the runner's core that hides the store's time.

#include <carillon/runner/runner_core.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <utility>

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
    auto batch = std::make_shared<due_batch>();
    batch->plan = plan_;
    batch->tries = other_names;
    batch->at = next->at;
    fire(std::move(batch), work);
}

/** Nothing is sent before its instant, however early its claim is answered. */
void runner::core::start_when_due(const std::shared_ptr<due_batch>& batch)
{
    std::erase_if(batch->runs, [](const claimed_run& r) { return r.is_taken_back; });
    const microseconds left = batch->at - std::min(batch->at, shared_->time.now());
    if (left == microseconds{0} || batch->runs.empty()) {
        batch->has_begun = true;
        return start_some(batch, 0);
    }
    ++underway_;
    shared_->time.async_wait_for(
        left, asio::bind_cancellation_slot(
                  batch->hold.slot(), [self = shared_from_this(), batch](const error_code&) {
                      self->hold_is_over(batch);
                      --self->underway_;
                      self->finish_if_idle();
                  }));
}

/** What is started is judged at its start: the clock may have been set meanwhile, or the machine
 * may have slept. */
void runner::core::hold_is_over(const std::shared_ptr<due_batch>& batch)
{
    if (is_firing()) look_for_step();
    const instant now = shared_->time.now();
    const bool has_slept =
        std::any_of(batch->runs.begin(), batch->runs.end(), [&](const claimed_run& r) {
            const job& first = (*batch->plan)[r.due.job];
            return !is_late(std::get<schedule>(first.trigger), r.due.due, now);
        });
    if (!is_firing() || !has_slept) return start_when_due(batch);
    take_back({batch}, {});
    start_when_due(batch);
}

/** Takes back what has been claimed ahead and has not begun, of one chain or of all: it is due as
 * though it had not been asked for. */
void runner::core::take_back_ahead(std::optional<std::string_view> chain)
{
    std::vector<std::shared_ptr<due_batch>> ahead;
    for (const auto& weak : ahead_) {
        auto batch = weak.lock();
        if (batch && !batch->has_begun && batch->at > shared_->time.now())
            ahead.push_back(std::move(batch));
    }
    take_back(ahead, chain);
}

void runner::core::take_back(
    const std::vector<std::shared_ptr<due_batch>>& batches, std::optional<std::string_view> chain)
{
    std::vector<due_run> due;
    claim_batch notes;
    std::vector<std::pair<std::shared_ptr<due_batch>, const claimed_run*>> places;
    for (const auto& batch : batches) {
        bool is_all = true;
        for (claimed_run& r : batch->runs) {
            const job& first = (*batch->plan)[r.due.job];
            const bool is_meant = !chain || first.name == *chain;
            is_all = is_all && (is_meant || r.is_taken_back);
            if (!is_meant || std::exchange(r.is_taken_back, true)) continue;
            due.push_back(r.due);
            if (batch->is_claimed)
                notes.returned.push_back(give_back_of(first, r, returned_claim::kind::withdrawn));
            places.emplace_back(batch, &r);
        }
        if (is_all) batch->hold.emit(asio::cancellation_type::terminal);
    }
    if (due.empty()) return;
    const due_work work = timetable_.put_back(due, shared_->time.now());
    notes.missed = records_of(work.missed);
    notes.memories = memories_of(work.changed);
    const auto plan = plan_;
    recorder_->keep(std::move(notes));
    for (const auto& [batch, run] : places) give_up(*batch->plan, *run);
    tell_missed(*plan, work.missed);
    arm();
}

returned_claim
runner::core::give_back_of(const job& first, const claimed_run& r, returned_claim::kind what)
{
    return {.chain = first.name, .scheduled_at = r.due.scheduled_at, .run = r.id, .what = what};
}

} // namespace carillon
