// From what is due, or asked for, to runs under way: the part of the runner's core that claims.

#include <carillon/runner/run_id.hpp>
#include <carillon/runner/runner_core.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace asio = boost::asio;

namespace carillon {
namespace {

/// Runs that start without a pause for signals, replies and timers.
constexpr std::size_t runs_in_a_row = 256;

} // namespace

void runner::core::fire_due()
{
    // What is due belongs to this plan, even if a listener or a reload brings another meanwhile.
    due_batch batch{.plan = plan_, .tries = other_names};
    due_work work =
        timetable_.take_due(shared_->time.now(), [this](job_index j) { return is_busy(j); });
    claim_batch asked{.missed = records_of(work.missed), .memories = memories_of(work.changed)};
    std::vector<event> told;
    batch.due = std::move(work.runs);
    std::erase_if(
        batch.due, [&](const due_run& d) { return !may_start((*batch.plan)[d.job], d, told); });
    const auto plan = plan_;
    if (!batch.due.empty())
        claim(std::move(batch), std::move(asked));
    else
        keep(std::move(asked));
    tell_missed(*plan, work.missed);
    for (const event& e : told) shared_->emit(e);
}

/** Tells of what is due when firing stops: it stood within its window and is not sent any more.
 * What was missed stays so for the next start. */
void runner::core::skip_due()
{
    const auto plan = plan_;
    const due_work work = timetable_.take_late(shared_->time.now());
    keep({.missed = records_of(work.missed), .memories = memories_of(work.changed)});
    tell_missed(*plan, work.missed);
    for (const due_run& d : work.runs)
        shared_->emit(run_skipped{(*plan)[d.job], d.scheduled_at, reason::shutdown, 1, {}});
}

bool runner::core::is_busy(job_index j) const
{
    const auto at = gates_.find((*plan_)[j].name);
    return at != gates_.end() && at->second.running > 0;
}

/** Passes the chain's gate, or says why not. */
bool runner::core::may_start(const job& first, const due_run& due, std::vector<event>& told)
{
    gate& g = gates_[first.name];
    if (g.running > 0) {
        told.emplace_back(
            run_skipped{first, due.scheduled_at, reason::overlap, ++g.skipped_in_a_row, {}});
        return false;
    }
    ++g.running;
    return true;
}

void runner::core::claim(due_batch batch, claim_batch asked)
{
    asked.claims.reserve(batch.due.size());
    for (const due_run& d : batch.due)
        asked.claims.push_back({(*batch.plan)[d.job].name, d.scheduled_at});
    ++underway_;
    shared_->store.async_claim(
        std::move(asked), shared_->time.now(),
        [self = shared_from_this(),
         batch = std::move(batch)](error_code ec, std::vector<carillon::claim> claims) mutable {
            batch.claims = std::move(claims);
            self->claimed(std::move(batch), ec);
            --self->underway_;
            self->finish_if_idle();
        });
}

/** Starts what was won. What was not has run under this name before the clock was set: it is not
 * run again if it keeps its name, else the next microsecond's name is tried, so that keys stay
 * unique and no hour is silent. */
void runner::core::claimed(due_batch batch, error_code ec)
{
    due_batch again{.plan = batch.plan, .tries = batch.tries - 1};
    auto won = std::make_shared<due_batch>(due_batch{.plan = batch.plan});
    for (std::size_t i = 0; i < batch.due.size(); ++i) {
        due_run& d = batch.due[i];
        if (!ec && batch.claims[i].won) {
            won->due.push_back(d);
            won->claims.push_back(batch.claims[i]);
        } else if (!ec && d.keeps_name) {
            leave_gate((*batch.plan)[d.job].name);
        } else if (!ec && batch.tries > 0) {
            d.scheduled_at += microseconds{1};
            again.due.push_back(d);
        } else {
            const job& first = (*batch.plan)[d.job];
            const error_code why = ec ? ec : make_error_code(errc::already_claimed);
            shared_->emit(run_skipped{first, d.scheduled_at, reason::store, 1, why});
            leave_gate(first.name);
        }
    }
    if (!again.due.empty()) claim(std::move(again));
    if (!won->due.empty()) start_some(std::move(won), 0);
}

/** In slices: ten thousand runs at one instant must not hold up all else. */
void runner::core::start_some(std::shared_ptr<due_batch> batch, std::size_t from)
{
    const std::size_t to = std::min(from + runs_in_a_row, batch->due.size());
    for (std::size_t i = from; i < to; ++i) start_due(*batch, i);
    if (to == batch->due.size()) return;
    ++underway_;
    asio::post(shared_->executor, [self = shared_from_this(), batch = std::move(batch), to] {
        self->start_some(batch, to);
        --self->underway_;
        self->finish_if_idle();
    });
}

void runner::core::start_due(const due_batch& batch, std::size_t i)
{
    const due_run& d = batch.due[i];
    run_record record;
    record.chain = (*batch.plan)[d.job].name;
    record.scheduled_at = d.scheduled_at;
    record.trigger = d.caught_up ? run_trigger::catch_up : run_trigger::schedule;
    record.fence = batch.claims[i].fence;
    record.lateness = std::max(shared_->time.now() - d.due, microseconds{0});
    start_run(
        batch.plan, d.job, std::move(record), cancelling_,
        [self = shared_from_this()](const auto& run) { self->run_ended(run); });
}

std::shared_ptr<chain_run> runner::core::start_run(
    const std::shared_ptr<const job_set>& plan,
    job_index first,
    run_record record,
    bool cancelled,
    chain_run::end_handler on_end)
{
    record.id = make_run_id(shared_->time.now(), shared_->random);
    auto run = std::make_shared<chain_run>(shared_, plan, first, std::move(record));
    runs_.emplace(run.get(), run);
    if (cancelled) run->cancel();
    run->start(std::move(on_end));
    return run;
}

void runner::core::trigger(const std::string& name, trigger_handler handler)
{
    auto asked =
        std::make_shared<manual_run>(trigger_operation(shared_->executor, std::move(handler)));
    const auto first = plan_->find(name);
    if (draining_ || !first)
        return std::move(asked->operation)
            .complete(draining_ ? errc::not_running : errc::no_such_job, {});
    asked->plan = plan_;
    asked->first = *first;
    if (auto slot = asked->operation.slot(); slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(asked)](asio::cancellation_type) {
            if (auto mine = weak.lock()) mine->cancel();
        });
    }
    ++gates_[name].running;
    claim_manual(std::move(asked), shared_->time.now(), other_names);
}

void runner::core::claim_manual(std::shared_ptr<manual_run> asked, instant at, int tries)
{
    ++underway_;
    claim_batch batch{.claims = {{asked->chain(), at}}};
    shared_->store.async_claim(
        std::move(batch), shared_->time.now(),
        [self = shared_from_this(), asked = std::move(asked), at,
         tries](error_code ec, const std::vector<carillon::claim>& claims) {
            --self->underway_;
            if (!ec && !claims[0].won && tries > 0)
                return self->claim_manual(asked, at + microseconds{1}, tries - 1);
            if (!ec && claims[0].won) return self->start_manual(asked, at, claims[0].fence);
            self->leave_gate(asked->chain());
            std::move(asked->operation)
                .complete(ec ? ec : make_error_code(errc::already_claimed), {});
            self->finish_if_idle();
        });
}

void runner::core::start_manual(
    const std::shared_ptr<manual_run>& asked, instant at, std::int64_t fence)
{
    run_record record;
    record.chain = asked->chain();
    record.scheduled_at = at;
    record.trigger = run_trigger::manual;
    record.fence = fence;
    asked->run = start_run(
        asked->plan, asked->first, std::move(record), asked->cancelled || cancelling_,
        [self = shared_from_this(), asked](const auto& r) {
            const error_code ec = asked->cancelled ? asio::error::operation_aborted : error_code{};
            std::move(asked->operation).complete(ec, r->record());
            self->run_ended(r);
        });
}

} // namespace carillon
