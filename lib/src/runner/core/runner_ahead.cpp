// Claims ahead of their instant: the part of the runner's core that hides the store's time.

#include "runner/core/runner_core.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {

/** When to ask for the claims of what is due next. */
instant runner_core::claims_from(const wake_up& next) const
{
    if (next.jobs == 0 || next.at <= ahead_until_ || journal_->is_failing()) return next.at;
    return next.at - std::min(shared_->store.claim_lead(next.jobs), longest_lead);
}

/** Claims what is due in a moment, so that the disk's time has passed when it is. */
void runner_core::fire_ahead()
{
    if (journal_->is_failing()) return;
    const auto next = is_firing() ? timetable_.next_wake() : std::nullopt;
    const instant now = shared_->time.now();
    if (!next || next->at <= now || claims_from(*next) > now) return;
    ahead_until_ = next->at;
    const due_work work =
        timetable_.take_ahead(next->at, [this](job_index j) { return is_busy(j); });
    auto batch = std::make_shared<due_batch>();
    batch->plan = plan_;
    batch->at = next->at;
    fire(std::move(batch), work);
}

/** Nothing is sent before its instant, however early its claim is answered. */
void runner_core::start_when_due(const std::shared_ptr<due_batch>& batch)
{
    const microseconds left = batch->at - std::min(batch->at, shared_->time.now());
    if (left == microseconds{0} || is_all_taken_back(*batch)) return begin(batch);
    ++underway_;
    shared_->time.async_wait_for(
        left, asio::bind_cancellation_slot(
                  batch->hold.slot(), [self = shared_from_this(), batch](const error_code&) {
                      if (self->is_firing()) self->look_for_step();
                      if (self->is_firing()) self->settle_holds();
                      if (!batch->has_begun) self->start_when_due(batch);
                      --self->underway_;
                      self->finish_if_idle();
                  }));
}

bool runner_core::is_all_taken_back(const due_batch& batch)
{
    return std::all_of(
        batch.runs.begin(), batch.runs.end(), [](const claimed_run& r) { return r.is_taken_back; });
}

void runner_core::begin(const std::shared_ptr<due_batch>& batch)
{
    batch->has_begun = true;
    std::erase_if(batch->runs, [](const claimed_run& r) { return r.is_taken_back; });
    start_some(batch, 0);
}

/** Begins what was claimed ahead and whose instant has come. Where the machine has slept beyond it,
 * it is taken back, and judged with what else has passed. */
void runner_core::settle_holds()
{
    const instant now = shared_->time.now();
    const auto has_slept = [&](const due_batch& batch) {
        return std::any_of(batch.runs.begin(), batch.runs.end(), [&](const claimed_run& r) {
            const job& first = (*batch.plan)[r.due.job];
            return !is_late(std::get<schedule>(first.trigger), r.due.due, now);
        });
    };
    std::vector<std::shared_ptr<due_batch>> slept;
    for (const auto& batch : batches_ahead()) {
        if (!batch->is_claimed || batch->at > now) continue;
        has_slept(*batch) ? slept.push_back(batch) : begin(batch);
    }
    if (!slept.empty()) give_up_places(take_back(slept, {}));
}

/** What has been claimed ahead, or is to be, and has not begun. */
std::vector<std::shared_ptr<runner_core::due_batch>> runner_core::batches_ahead() const
{
    std::vector<std::shared_ptr<due_batch>> out;
    for (const auto& weak : ahead_) {
        auto batch = weak.lock();
        if (batch && !batch->has_begun) out.push_back(std::move(batch));
    }
    return out;
}

/** Takes back what has been claimed ahead and is not due yet, of one chain or of all. */
void runner_core::take_back_ahead(std::optional<std::string_view> chain)
{
    if (is_firing()) settle_holds();
    give_up_places(take_back_coming(chain));
    arm();
}

runner_core::places runner_core::take_back_coming(std::optional<std::string_view> chain)
{
    std::vector<std::shared_ptr<due_batch>> coming;
    for (auto& batch : batches_ahead())
        if (batch->at > shared_->time.now()) coming.push_back(std::move(batch));
    return take_back(coming, chain);
}

/** The instants are due as though their claims had not been asked for. Returns the places that they
 * hold, to be given up. */
runner_core::places runner_core::take_back(
    const std::vector<std::shared_ptr<due_batch>>& batches, std::optional<std::string_view> chain)
{
    places out;
    std::vector<due_run> due;
    claim_batch notes;
    for (const auto& batch : batches) {
        for (claimed_run& r : batch->runs) {
            const job& first = (*batch->plan)[r.due.job];
            if (r.is_taken_back || (chain && first.name != *chain)) continue;
            r.is_taken_back = true;
            due.push_back(r.due);
            // Behind its claim, should that be under way.
            notes.returned.push_back(give_back_of(first, r, returned_claim::kind::withdrawn));
            out.emplace_back(batch->plan, r);
        }
        if (is_all_taken_back(*batch)) batch->hold.emit(asio::cancellation_type::terminal);
    }
    if (due.empty()) return out;
    const due_work work = timetable_.put_back(due, shared_->time.now());
    notes.missed = records_of(work.missed);
    notes.memories = memories_of(work.changed);
    const auto plan = plan_;
    journal_->keep(std::move(notes));
    tell_missed(*plan, work.missed);
    return out;
}

void runner_core::give_up_places(const places& which)
{
    for (const auto& [plan, run] : which) give_up(*plan, run);
}

returned_claim
runner_core::give_back_of(const job& first, const claimed_run& r, returned_claim::kind what)
{
    return {.chain = first.name, .scheduled_at = r.due.scheduled_at, .run = r.id, .what = what};
}

} // namespace carillon::detail
