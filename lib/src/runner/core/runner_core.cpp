#include "runner/core/runner_core.hpp"

#include "runner/run/run_id.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/// Without a timer that sees the clock set, a step is noticed as late as this.
constexpr microseconds longest_blind_wait = std::chrono::seconds{1};

} // namespace

std::shared_ptr<runner_core> runner_core::make(services s, const runner_options& options)
{
    auto out = std::make_shared<runner_core>(std::move(s), options);
    out->journal_->serve(
        out, {.recall = [self = out.get()](const auto& names) { return self->recall(names); },
              .on_idle = [self = out.get()] { self->finish_if_idle(); },
              .on_still_failing = [self = out.get()] { self->judge_held(); },
              .on_recovered = [self = out.get()] { self->release_held(); }});
    out->shared_->timed->on_late_claims(
        [weak = std::weak_ptr(out)](
            const claim_batch& batch, const error_code& ec, const std::vector<carillon::claim>& c) {
            if (const auto self = weak.lock()) self->journal_->answered_late(batch, ec, c);
        });
    return out;
}

runner_core::runner_core(services s, const runner_options& options)
    : shared_(std::make_shared<services>(std::move(s))),
      journal_(std::make_shared<journal>(shared_)), on_store_error_(options.on_store_error),
      recovers_triggered_(options.recovers_triggered)
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

void runner_core::set_jobs(job_set jobs)
{
    // What is planned already moves with a step; what is new is planned by the clock as it is.
    if (is_firing()) look_for_step();
    // What is due, and stands within its window, must not go with the plan that it belongs to.
    if (is_firing()) take_back_ahead({});
    if (is_firing()) fire_due();
    if (is_firing()) take_back_ahead({});
    plan_ = std::make_shared<const job_set>(std::move(jobs));
    if (!is_firing()) return;
    take_plan({});
    arm();
}

std::optional<instant> runner_core::next_due(std::string_view name) const
{
    const auto j = plan_->find(name);
    return is_firing() && j ? timetable_.next_due(*j) : std::nullopt;
}

std::optional<instant> runner_core::next_wake()
{
    const auto next = is_firing() ? timetable_.next_wake() : std::nullopt;
    return next ? std::optional(next->at) : std::nullopt;
}

boost::system::result<job_index> runner_core::find_scheduled(std::string_view name) const
{
    if (!is_firing()) return make_error_code(errc::not_running);
    const auto j = plan_->find(name);
    if (!j) return make_error_code(errc::no_such_job);
    if (!std::holds_alternative<schedule>((*plan_)[*j].trigger))
        return make_error_code(errc::no_schedule);
    return *j;
}

boost::system::result<void> runner_core::pause(std::string_view name)
{
    // What was due before the pause is not paused. Whoever listens may change the jobs meanwhile.
    if (is_firing()) look_for_step();
    if (is_firing()) fire_due();
    if (is_firing()) take_back_ahead(name);
    const auto j = find_scheduled(name);
    if (!j) return j.error();
    timetable_.pause(*j);
    journal_->keep({.memories = memories_of({*j})});
    arm();
    return {};
}

boost::system::result<void> runner_core::resume(std::string_view name)
{
    if (is_firing()) look_for_step();
    const auto j = find_scheduled(name);
    if (!j) return j.error();
    const instant now = shared_->time.now();
    timetable_.resume(*j, now);
    if (!has_turn(*j)) timetable_.release(*j, now);
    journal_->keep({.memories = memories_of({*j})});
    arm();
    return {};
}

bool runner_core::is_paused(std::string_view name) const
{
    const auto j = plan_->find(name);
    return is_firing() && j && timetable_.is_paused(*j);
}

time_reading runner_core::read_time() const
{
    const instant boot = shared_->time.boot_time();
    return {
        .now = shared_->time.now(),
        .origins = {.boot = boot, .start = boot + start_},
        .boot_id = shared_->time.boot_id(),
        .start = start_};
}

/** Takes a handler; `mild` is what cancellation of a lesser type than `terminal` does, which always
 * cancels the runs. */
std::shared_ptr<runner_core::ending> runner_core::make_ending(plain_handler handler, on_cancel mild)
{
    auto e = std::make_shared<ending>(ending{run_operation(shared_->executor, std::move(handler))});
    auto slot = e->operation.slot();
    if (!slot.is_connected()) return e;
    slot.assign([weak = weak_from_this(), cancelled = std::weak_ptr(e),
                 mild](asio::cancellation_type type) {
        const auto self = weak.lock();
        const auto mine = cancelled.lock();
        if (!self || !mine) return;
        mine->cancelled = true;
        self->stop_firing();
        const bool terminal =
            (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
        if (terminal || mild == on_cancel::cancel_runs) self->cancel_runs();
        self->finish_if_idle();
    });
    return e;
}

void runner_core::run(plain_handler handler)
{
    if (run_ || !drains_.empty())
        return run_operation(shared_->executor, std::move(handler)).complete(errc::already_running);
    run_ = make_ending(std::move(handler), on_cancel::stop_firing);
    draining_ = false;
    cancelling_ = false;
    if (!std::exchange(started_, true)) start_ = shared_->time.since_boot();
    journal_->begin();
    load();
}

/** What passed since the store was last told of it, before this start or between two of these
 * operations, is due then. */
void runner_core::load()
{
    loaded_ = false;
    ++underway_;
    shared_->store.async_load(
        [self = shared_from_this()](const error_code& ec, recollection found) {
            --self->underway_;
            self->loaded(ec, std::move(found));
            self->finish_if_idle();
        });
}

void runner_core::loaded(const error_code& ec, recollection found)
{
    if (!run_ || draining_) return;
    if (ec) {
        run_->error = ec;
        return stop_firing();
    }
    loaded_ = true;
    boot_ = shared_->time.boot_time();
    timetable_ = {};
    ahead_until_ = instant::min();
    awaited_.clear();
    // First, so that what is due now finds them going.
    recover(std::move(found.cut_off));
    if (!is_firing()) return;
    take_plan(std::move(found.memories));
    arm();
    if (is_firing()) shared_->emit(firing_began{}); // a listener may have ended it
}

void runner_core::take_plan(std::vector<job_memory> memories)
{
    const auto plan = plan_;
    plan_change change = timetable_.assign(plan, read_time(), std::move(memories));
    claim_batch notes{
        .missed = records_of(change.missed),
        .memories = memories_of(change.changed),
        .forgotten = std::move(change.forgotten)};
    notes.missed.insert(notes.missed.end(), change.dropped.begin(), change.dropped.end());
    journal_->keep(std::move(notes));
    // Kept first, here as elsewhere: a listener may bring about what is to be kept after it.
    tell_missed(*plan, change.missed);
    for (const missed_record& m : change.dropped) {
        const job gone{.name = m.chain, .url = {}};
        shared_->emit(runs_missed{gone, m.from, m.to, m.count, m.reason});
    }
}

std::vector<job_memory> runner_core::memories_of(const std::vector<job_index>& jobs) const
{
    std::vector<job_memory> out;
    out.reserve(jobs.size());
    for (const job_index j : jobs) out.push_back(timetable_.memory_of(j));
    return out;
}

/** What the timetable has of jobs; those that it has no more are to be forgotten. */
claim_batch runner_core::recall(const std::set<std::string>& names) const
{
    claim_batch out;
    const auto& plan = timetable_.plan();
    if (!plan) return out;
    for (const std::string& name : names) {
        const auto j = plan->find(name);
        if (j && std::holds_alternative<schedule>((*plan)[*j].trigger))
            out.memories.push_back(timetable_.memory_of(*j));
        else
            out.forgotten.push_back(name);
    }
    return out;
}

void runner_core::drain(plain_handler handler)
{
    drains_.push_back(make_ending(std::move(handler), on_cancel::cancel_runs));
    stop_firing();
    finish_if_idle();
}

/** Waits for the timetable's next wake-up; a wait that is under way gives way. */
void runner_core::arm()
{
    wake_->emit(asio::cancellation_type::terminal);
    if (!is_firing()) return;
    // With nothing to come, a step may yet bring something: the clock may have visited the far
    // future.
    const auto wake = timetable_.next_wake();
    const instant next = wake ? claims_from(*wake) : shared_->time.now() + max_span;
    // A signal for each wait: the one before may still be completing.
    wake_ = std::make_shared<asio::cancellation_signal>();
    shared_->time.async_wait_until(
        next, asio::bind_cancellation_slot(
                  wake_->slot(), [weak = weak_from_this(), signal = wake_](const error_code& ec) {
                      if (auto self = weak.lock()) self->on_wake(ec);
                  }));
    // The timer sees the steps that come from now on; one that came just before is seen here.
    look_for_step();
}

void runner_core::on_wake(const error_code& ec)
{
    // Whoever cancelled the wait has begun another, or wants none.
    if (ec == asio::error::operation_aborted || !is_firing()) return;
    look_for_step();
    settle_holds();
    fire_due();
    fire_ahead();
    const bool has_timers = !ec || ec == errc::clock_changed;
    has_timers ? arm() : arm_without_timer();
}

/**
 * Waits where the system gives no timer for the wall clock, for want of descriptors: in elapsed
 * time, never long, and then asks for one again.
 */
void runner_core::arm_without_timer()
{
    wake_->emit(asio::cancellation_type::terminal);
    const auto next = is_firing() ? timetable_.next_wake() : std::nullopt;
    if (!next) return;
    wake_ = std::make_shared<asio::cancellation_signal>();
    shared_->time.async_wait_for(
        std::clamp<microseconds>(
            claims_from(*next) - shared_->time.now(), microseconds{0}, longest_blind_wait),
        asio::bind_cancellation_slot(
            wake_->slot(), [weak = weak_from_this(), signal = wake_](const error_code& ec) {
                if (auto self = weak.lock()) self->on_wake(ec);
            }));
}

/** Compares the clocks: what elapsed time and wall clock disagree about, somebody has set. Whether
 * someone has. */
bool runner_core::look_for_step()
{
    const instant boot = shared_->time.boot_time();
    const microseconds by = boot - boot_;
    if (std::chrono::abs(by) < step_limit) return false;
    boot_ = boot;
    // Whatever their instants: they are looked for anew.
    std::vector<std::shared_ptr<due_batch>> ahead;
    for (auto& batch : batches_ahead())
        if (batch->is_claimed || batch->at > shared_->time.now()) ahead.push_back(std::move(batch));
    const places left = take_back(ahead, {});
    ahead_until_ = instant::min();
    journal_->keep({.memories = memories_of(timetable_.clock_stepped(read_time(), by))});
    give_up_places(left);
    shared_->emit(clock_changed{by});
    arm();
    return true;
}

std::vector<missed_record>
runner_core::records_of(const std::vector<std::pair<job_index, missed_part>>& missed) const
{
    std::vector<missed_record> out;
    out.reserve(missed.size());
    for (const auto& [j, m] : missed)
        out.push_back({(*plan_)[j].name, m.from, m.to, m.count, m.reason});
    return out;
}

void runner_core::tell_missed(
    const job_set& plan, const std::vector<std::pair<job_index, missed_part>>& missed) const
{
    for (const auto& [j, m] : missed) {
        const error_code why = m.reason == reason::store ? journal_->last_error() : error_code{};
        shared_->emit(runs_missed{plan[j], m.from, m.to, m.count, m.reason, why});
    }
}

void runner_core::run_ended(const std::shared_ptr<chain_run>& run, bool had_turn)
{
    runs_.erase(run.get());
    auto ended = std::make_shared<const run_record>(run->take_record());
    std::erase(chains_.at(ended->chain).going, run.get());
    if (had_turn) end_turn(ended->chain);
    if (!chains_.at(ended->chain).slots.has_line()) {
        // First, so that the store knows of its end before the next one's claim.
        journal_->record(ended);
        return leave_slot(ended->chain);
    }
    // What has been claimed already begins when a crash cannot bring this one back any more.
    journal_->record(ended, [self = shared_from_this(), ended] { self->leave_slot(ended->chain); });
}

void runner_core::stop_firing()
{
    is_stopping_ = true;
    if (is_firing()) look_for_step();
    if (is_firing()) take_back_ahead({});
    // What is due stays so for the next start, where there is something that it can go on from.
    if (is_firing() && !shared_->store.is_durable()) skip_due();
    draining_ = true;
    wake_->emit(asio::cancellation_type::terminal);
    const auto waits = std::exchange(recovery_waits_, {});
    for (const auto& wait : waits) wait->emit(asio::cancellation_type::terminal);
    empty_lines();
    is_stopping_ = false;
}

void runner_core::cancel_runs()
{
    cancelling_ = true;
    // A copy: listeners may react to what they are told.
    std::vector<std::weak_ptr<chain_run>> runs;
    runs.reserve(runs_.size());
    for (const auto& [key, run] : runs_) runs.push_back(run);
    for (const auto& weak : runs) {
        if (const auto run = weak.lock()) run->cancel(reason::shutdown);
    }
}

boost::system::result<void> runner_core::cancel(run_id id)
{
    for (const auto& [key, weak] : runs_) {
        const auto run = weak.lock();
        if (!run || run->record().id != id || run->record().outcome) continue;
        run->cancel();
        return {};
    }
    const auto is_it = [&](const waiting_run& w) {
        const auto* const queued = std::get_if<queued_run>(&w);
        return queued != nullptr && queued->run.id == id;
    };
    for (auto& [name, chain] : chains_) {
        const auto taken = chain.slots.take_out(is_it);
        if (!taken) continue;
        const auto& [plan, run] = std::get<queued_run>(*taken);
        start_due(plan, run, fate::cancelled);
        return {};
    }
    return make_error_code(errc::no_such_run);
}

void runner_core::finish_if_idle()
{
    if (!runs_.empty() || underway_ > 0 || (run_ && !draining_)) return;
    if (!(draining_ ? journal_->settle() : journal_->is_idle())) return;
    // Kept connections would keep the caller's context, too.
    shared_->transport.close_idle();
    if (!draining_) return;
    std::vector<std::shared_ptr<ending>> endings = std::exchange(drains_, {});
    if (run_) endings.push_back(std::exchange(run_, nullptr));
    for (const auto& e : endings)
        std::move(e->operation).complete(e->cancelled ? asio::error::operation_aborted : e->error);
}

/** The runner is gone: nobody listens any more, and what is under way ends. */
void runner_core::abandon()
{
    is_abandoned_ = true;
    shared_->listeners->forget_all();
    if (run_) run_->cancelled = true;
    for (const auto& e : drains_) e->cancelled = true;
    is_stopping_ = true;
    if (is_firing()) take_back_ahead({});
    loaded_ = false; // what is due stays so, for the next start
    stop_firing();
    cancel_runs();
    shared_->limiter->close();
    finish_if_idle();
}

} // namespace carillon::detail
