#include "runner/core/runner_core.hpp"

#include <utility>
#include <variant>

namespace carillon::detail {

std::shared_ptr<runner_core> runner_core::make(services s, const runner_options& options)
{
    auto out = std::make_shared<runner_core>(std::move(s), options);
    out->connect_parts();
    return out;
}

runner_core::runner_core(services s, const runner_options& options)
    : shared_(std::make_shared<services>(std::move(s))),
      journal_(std::make_shared<journal>(shared_)), life_(shared_->executor), alarm_(shared_->time),
      plan_(shared_, journal_), chains_(shared_, journal_, life_, work_),
      claims_(shared_, journal_, life_, plan_, chains_, work_, options.on_store_error),
      crashed_(shared_, journal_, life_, plan_, chains_, work_),
      on_demand_(
          shared_, journal_, life_, plan_, chains_, claims_, work_, options.recovers_triggered)
{
    shared_->limiter = std::make_shared<limiter>(
        shared_->executor, shared_->time,
        limiter::bounds{
            .max_concurrent = options.max_concurrent, .max_per_origin = options.max_per_origin},
        [weak = std::weak_ptr(shared_)](const circuit_change& change) {
            if (const auto alive = weak.lock()) alive->emit(change);
        });
    shared_->transport.keep_at_least(options.max_per_origin, options.max_concurrent);
}

/** The parts call the core while they, or what they have under way, are there. */
void runner_core::connect_parts()
{
    const std::weak_ptr<void> owner = weak_from_this();
    work_.serve(owner, [this] { finish_if_idle(); });
    alarm_.serve(owner, [this] { wake(); });
    journal_->serve(
        owner, {.recall = [this](const auto& names) { return plan_.recall(names); },
                .on_idle = [this] { finish_if_idle(); },
                .on_still_failing = [this] { claims_.judge_held(); },
                .is_needed = [this] { return life_.is_firing(); },
                .on_recovered = [this] { claims_.release_held(); }});
    life_.serve(owner, [this](bool cancels_runs) {
        stop_firing();
        if (cancels_runs) cancel_runs();
        finish_if_idle();
    });
    chains_.serve(
        {.resume = [this](const auto& crashed) { crashed_.resume(crashed); },
         .on_turn_over = [this](const std::string& chain) { turn_over(chain); }});
    claims_.serve(
        {.arm = [this] { arm(); },
         .look_for_step = [this] { look_for_step(); },
         .is_awaited =
             [this](const std::string& chain, const due_run& d) {
                 return crashed_.is_awaited(chain, d);
             }});
    shared_->timed->on_late_claims(
        [weak = weak_from_this()](
            const store_changes& batch, const error_code& ec, const std::vector<claim>& answers) {
            if (const auto self = weak.lock()) self->journal_->answered_late(batch, ec, answers);
        });
}

void runner_core::set_max_concurrent(std::size_t max)
{
    shared_->transport.keep_at_least(0, max);
    shared_->limiter->set_max_concurrent(max);
}

void runner_core::set_max_per_origin(std::size_t max)
{
    shared_->transport.keep_at_least(max, 0);
    shared_->limiter->set_max_per_origin(max);
}

void runner_core::settle_due()
{
    // The jobs of before follow a step of the clock. New jobs are planned by the clock as it is.
    if (life_.is_firing()) look_for_step();
    // What is due, and stands within its window, must not go with the jobs that it belongs to.
    if (life_.is_firing()) claims_.take_back_ahead();
    if (life_.is_firing()) claims_.fire_due();
    if (life_.is_firing()) claims_.take_back_ahead();
}

void runner_core::replace_jobs(job_set jobs)
{
    plan_.set(std::move(jobs));
    if (!life_.is_firing()) return;
    plan_.assign();
    arm();
}

std::optional<instant> runner_core::next_due(std::string_view name) const
{
    const auto j = plan_.jobs()->find(name);
    return life_.is_firing() && j ? plan_.times().next_due(*j) : std::nullopt;
}

std::optional<instant> runner_core::next_wake()
{
    const auto next = life_.is_firing() ? plan_.times().next_wake() : std::nullopt;
    return next ? std::optional(next->at) : std::nullopt;
}

result<job_index> runner_core::find_scheduled(std::string_view name) const
{
    if (!life_.is_firing()) return make_error_code(errc::not_running);
    const auto j = plan_.jobs()->find(name);
    if (!j) return make_error_code(errc::no_such_job);
    if (!std::holds_alternative<schedule>((*plan_.jobs())[*j].trigger))
        return make_error_code(errc::no_schedule);
    return *j;
}

result<void> runner_core::pause(std::string_view name)
{
    // What was due before the pause is not paused. A listener may change the jobs meanwhile.
    if (life_.is_firing()) look_for_step();
    if (life_.is_firing()) claims_.fire_due();
    if (life_.is_firing()) claims_.take_back_ahead(name);
    const auto j = find_scheduled(name);
    if (!j) return j.error();
    plan_.times().pause(*j);
    plan_.remember(*j);
    arm();
    return {};
}

result<void> runner_core::resume(std::string_view name)
{
    if (life_.is_firing()) look_for_step();
    const auto j = find_scheduled(name);
    if (!j) return j.error();
    const instant now = shared_->time.now();
    plan_.times().resume(*j, now);
    if (!chains_.has_turn(std::string(name))) plan_.times().release(*j, now);
    plan_.remember(*j);
    arm();
    return {};
}

bool runner_core::is_paused(std::string_view name) const
{
    const auto j = plan_.jobs()->find(name);
    return life_.is_firing() && j && plan_.times().is_paused(*j);
}

void runner_core::run(lifecycle::handler_type handler)
{
    if (!life_.run(std::move(handler))) return;
    plan_.start();
    plan_.clear(); // of a run before: nothing of it is to be remembered
    journal_->begin();
    load();
}

/** What passed since the store was last told of it, before this start or between two of these
 * operations, is due then. */
void runner_core::load()
{
    auto answer = [this](const error_code& ec, recollection found) {
        loaded(ec, std::move(found));
    };
    shared_->store.async_load(work_.track(std::move(answer)));
}

void runner_core::loaded(const error_code& ec, recollection found)
{
    if (!life_.is_loading()) return;
    if (ec) {
        life_.fail(ec);
        return stop_firing();
    }
    journal_->store_was_read();
    if (!life_.is_loading()) return; // a listener may have ended it
    life_.loaded();
    alarm_.begin();
    claims_.restart();
    // First, so that what is due now finds them under way.
    crashed_.recover(std::move(found.crashed));
    if (!life_.is_firing()) return;
    plan_.assign(std::move(found.memories));
    arm();
    if (life_.is_firing()) shared_->emit(firing_began{}); // a listener may have ended it
}

void runner_core::drain(lifecycle::handler_type handler)
{
    life_.add_drain(std::move(handler));
    stop_firing();
    finish_if_idle();
}

void runner_core::trigger(const std::string& name, on_demand::handler_type handler)
{
    on_demand_.trigger(name, std::move(handler));
}

void runner_core::retry(run_id id, on_demand::handler_type handler)
{
    on_demand_.retry(id, std::move(handler));
}

/** Waits for the timetable's next wake-up; a wait that is under way is called off. */
void runner_core::arm()
{
    if (!life_.is_firing()) return alarm_.cancel();
    const auto next = plan_.times().next_wake();
    alarm_.set(next ? std::optional(claims_.claims_from(*next)) : std::nullopt);
    // The timer sees the steps that come from now on; one that came just before is seen here.
    look_for_step();
}

void runner_core::wake()
{
    if (!life_.is_firing()) return;
    // A listener that is told of one of these may stop the firing, or end the runner.
    look_for_step();
    if (life_.is_firing()) claims_.settle_holds();
    if (life_.is_firing()) claims_.fire_due();
    if (life_.is_firing()) claims_.fire_ahead();
    arm();
}

/** Compares the clocks: where elapsed time and wall clock disagree, somebody has set the latter. */
void runner_core::look_for_step()
{
    const auto by = alarm_.take_step();
    if (!by) return;
    const auto held = claims_.take_back_for_step();
    plan_.step(*by);
    claims_.release(held);
    shared_->emit(clock_changed{*by});
    arm();
}

/** What else was missed of the chain may follow. */
void runner_core::turn_over(const std::string& chain)
{
    const auto j = life_.is_firing() ? plan_.jobs()->find(chain) : std::nullopt;
    if (j && plan_.times().release(*j, shared_->time.now())) arm();
}

void runner_core::stop_firing()
{
    life_.begin_stop();
    if (life_.is_firing()) look_for_step();
    if (life_.is_firing()) claims_.take_back_ahead();
    // What is due stays so for the next start, where there is something that it can go on from.
    if (life_.is_firing() && !shared_->store.is_durable()) claims_.skip_due();
    end_waiting();
}

void runner_core::end_waiting()
{
    life_.stopped();
    alarm_.cancel();
    crashed_.stop();
    chains_.stop();
    claims_.stop(); // nothing waits for the slots any more
}

void runner_core::cancel_runs()
{
    life_.cancel();
    chains_.cancel_all();
}

result<void> runner_core::cancel(run_id id)
{
    if (chains_.cancel(id)) return {};
    return make_error_code(errc::no_such_run);
}

void runner_core::finish_if_idle()
{
    if (chains_.running() > 0 || !work_.is_idle()) return;
    if (!life_.is_draining()) {
        // Kept connections would keep the caller's context, too.
        if (!life_.is_running() && journal_->is_idle()) shared_->transport.close_idle();
        return;
    }
    if (!journal_->close() || !life_.is_draining()) return; // a listener may have begun anew
    shared_->transport.close_idle();
    life_.finish();
}

void runner_core::abandon()
{
    shared_->listeners->forget_all();
    life_.abandon();
    life_.begin_stop();
    if (life_.is_firing()) claims_.take_back_ahead();
    end_waiting(); // what is due stays so, for the next start
    cancel_runs();
    shared_->limiter->close();
    finish_if_idle();
}

} // namespace carillon::detail
