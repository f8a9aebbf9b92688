// From what someone asks for to a run under way: the part of the runner's core that is not bound to
// the clock.

#include "runner/core/runner_core.hpp"
#include "runner/run/recovery.hpp"
#include "runner/run/run_id.hpp"

#include <boost/asio/error.hpp>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/** The names of a schedule's instants are for its own runs. */
instant name_by_hand(const job_set& plan, job_index first, instant now)
{
    const auto* s = std::get_if<schedule>(&plan[first].trigger);
    const bool is_instant = s != nullptr && !follows_elapsed_time(*s) &&
                            occurrences(*s, make_grid(*s, {})).last_until(now) == now;
    return is_instant ? now + one_tick : now;
}

} // namespace

std::shared_ptr<runner_core::manual_run> runner_core::make_manual(trigger_handler handler)
{
    auto asked =
        std::make_shared<manual_run>(trigger_operation(shared_->executor, std::move(handler)));
    asked->plan = plan_;
    if (auto slot = asked->operation.slot(); slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(asked)](asio::cancellation_type) {
            if (auto mine = weak.lock()) mine->cancel();
        });
    }
    return asked;
}

void runner_core::trigger(const std::string& name, trigger_handler handler)
{
    auto asked = make_manual(std::move(handler));
    const auto first = plan_->find(name);
    if (draining_ || !first)
        return std::move(asked->operation)
            .complete(draining_ ? errc::not_running : errc::no_such_job, {});
    asked->first = *first;
    const instant now = shared_->time.now();
    asked->record.id = make_run_id(now, shared_->random);
    asked->record.chain = name;
    asked->record.scheduled_at = name_by_hand(*asked->plan, *first, now);
    asked->record.trigger = run_trigger::manual;
    take_back_ahead(name); // the scheduled run is due after it
    chains_[name].slots.offer_by_hand();
    claim_manual(std::move(asked), other_names);
}

void runner_core::retry(run_id id, trigger_handler handler)
{
    auto asked = make_manual(std::move(handler));
    if (draining_) return std::move(asked->operation).complete(errc::not_running, {});
    ++underway_;
    shared_->store.async_find_run(
        id,
        [self = shared_from_this(), asked](const error_code& ec, std::optional<run_record> found) {
            --self->underway_;
            self->retry_found(asked, ec, std::move(found));
            self->finish_if_idle();
        });
}

void runner_core::retry_found(
    const std::shared_ptr<manual_run>& asked, const error_code& ec, std::optional<run_record> found)
{
    const auto first = found ? asked->plan->find(found->chain) : std::nullopt;
    error_code why = ec;
    if (!why && draining_) why = errc::not_running;
    if (!why && !found) why = errc::no_such_run;
    const bool is_cut_off = found && !found->outcome && found->reason == reason::crash;
    if (!why && !found->outcome && !is_cut_off) why = errc::run_still_goes;
    if (!why && found->outcome == outcome::completed) why = errc::nothing_to_retry;
    if (!why && !first) why = errc::no_such_job;
    if (why) return std::move(asked->operation).complete(why, {});
    asked->first = *first;
    asked->from = chain_run::beginning::retried;
    if (is_cut_off) interrupt(*found, *asked->plan, reason::crash, shared_->time.now());
    reopen(found->jobs);
    found->outcome = {};
    found->reason = {};
    found->ended_at = {};
    found->trigger = run_trigger::retry;
    asked->record = std::move(*found);
    take_back_ahead(asked->record.chain);
    chains_[asked->record.chain].slots.offer_by_hand();
    claim_manual(asked, 0);
}

void runner_core::claim_manual(std::shared_ptr<manual_run> asked, int tries)
{
    const run_record& r = asked->record;
    const bool is_retry = asked->from == chain_run::beginning::retried;
    claim_batch batch;
    batch.claims.push_back(
        {.chain = r.chain,
         .scheduled_at = r.scheduled_at,
         .run = r.id,
         .trigger = r.trigger,
         .due = r.scheduled_at,
         .recovers = recovers_triggered_,
         .what = is_retry ? claim_request::kind::retried : claim_request::kind::fresh});
    journal_->claim(
        std::move(batch), [self = shared_from_this(), asked = std::move(asked), is_retry, tries](
                              const error_code& ec, const std::vector<carillon::claim>& claims) {
            run_record& record = asked->record;
            const bool won = !ec && claims[0].won;
            if (won || (ec && self->goes_without_store(*asked->plan, asked->first))) {
                record.fence = won ? claims[0].fence : self->own_fence();
                return self->start_manual(asked);
            }
            if (!ec && tries > 0) {
                record.scheduled_at += microseconds{1};
                return self->claim_manual(asked, tries - 1);
            }
            self->leave_slot(record.chain);
            const errc taken = is_retry ? errc::run_still_goes : errc::already_claimed;
            std::move(asked->operation).complete(ec ? ec : make_error_code(taken), {});
        });
}

void runner_core::start_manual(const std::shared_ptr<manual_run>& asked)
{
    asked->run = start_run(
        asked->plan, asked->first, std::move(asked->record), asked->from,
        asked->cancelled || cancelling_ ? fate::shut_down : fate::goes,
        [self = shared_from_this(), asked](const auto& r) {
            const error_code ec = asked->cancelled ? asio::error::operation_aborted : error_code{};
            std::move(asked->operation).complete(ec, r->record());
            self->run_ended(r);
        });
    // A listener may have cancelled it within the call.
    if (const auto run = asked->run.lock(); run && asked->cancelled) run->cancel();
}

} // namespace carillon::detail
