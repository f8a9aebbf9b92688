// From what is due to runs under way: the part of the runner's core that claims.

#include <carillon/detail/crash_point.hpp>
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
    const due_work work =
        timetable_.take_due(shared_->time.now(), [this](job_index j) { return is_busy(j); });
    fire({.plan = plan_, .tries = other_names}, work);
}

/** Has the store keep what is due, whose runs start when it has. */
void runner::core::fire(due_batch batch, const due_work& work)
{
    // What is due belongs to this plan, even if a listener or a reload brings another meanwhile.
    const auto plan = batch.plan;
    claim_batch asked{.missed = records_of(work.missed), .memories = memories_of(work.changed)};
    std::vector<event> told;
    admit_due(work.runs, batch, asked, told);
    if (!batch.runs.empty())
        claim(std::move(batch), std::move(asked));
    else
        recorder_->keep(std::move(asked));
    tell_missed(*plan, work.missed);
    for (const event& e : told) shared_->emit(e);
}

/** Sends what is due through its chain's gate: to the batch, or to what came to nothing. */
void runner::core::admit_due(
    const std::vector<due_run>& due, due_batch& batch, claim_batch& asked, std::vector<event>& told)
{
    batch.runs.reserve(due.size());
    for (const due_run& d : due) {
        const job& first = (*batch.plan)[d.job];
        if (set_back_.contains({first.name, d.scheduled_at})) continue;
        gate& g = chains_[first.name].gate;
        const admission how = g.admit(first.overlap);
        if (how != admission::skip) {
            batch.runs.push_back(
                {.due = d, .how = how, .id = make_run_id(shared_->time.now(), shared_->random)});
            continue;
        }
        asked.missed.push_back({first.name, d.scheduled_at, d.scheduled_at, 1, reason::overlap});
        told.emplace_back(run_skipped{first, d.scheduled_at, reason::overlap, g.skipped_in_a_row});
        if (is_alarming(g.skipped_in_a_row))
            told.emplace_back(overlap_persists{first, g.skipped_in_a_row});
    }
}

/** Tells of what is due when firing stops: it stood within its window and is not sent any more.
 * What was missed stays so for the next start. */
void runner::core::skip_due()
{
    const auto plan = plan_;
    const due_work work = timetable_.take_late(shared_->time.now());
    claim_batch notes{.missed = records_of(work.missed), .memories = memories_of(work.changed)};
    for (const due_run& d : work.runs)
        notes.missed.push_back(
            {(*plan)[d.job].name, d.scheduled_at, d.scheduled_at, 1, reason::shutdown});
    recorder_->keep(std::move(notes));
    tell_missed(*plan, work.missed);
    for (const due_run& d : work.runs)
        shared_->emit(run_skipped{(*plan)[d.job], d.scheduled_at, reason::shutdown, 1});
}

bool runner::core::is_busy(job_index j) const { return chains_.contains((*plan_)[j].name); }

void runner::core::claim(due_batch batch, claim_batch asked)
{
    asked.claims.reserve(batch.runs.size());
    for (const claimed_run& r : batch.runs)
        asked.claims.push_back(
            {.chain = (*batch.plan)[r.due.job].name,
             .scheduled_at = r.due.scheduled_at,
             .run = r.id,
             .trigger = r.due.caught_up ? run_trigger::catch_up : run_trigger::schedule,
             .due = r.due.due});
    recorder_->claim(
        std::move(asked), [self = shared_from_this(), batch = std::move(batch)](
                              const error_code& ec, const std::vector<carillon::claim>& claims) {
            detail::crash_point("claim.answered");
            self->claimed(batch, ec, claims);
        });
}

/** Whether a run whose claim failed is sent all the same. */
bool runner::core::goes_without(const error_code& ec, const job_set& plan, job_index first) const
{
    if (!ec || on_store_error_ == carillon::on_store_error::stop) return false;
    const auto chain = plan.chain_from(first);
    return std::all_of(chain.begin(), chain.end(), [&](job_index j) {
        return plan[j].delivery == delivery_policy::at_least_once;
    });
}

/** A fence that no store has given. */
std::int64_t runner::core::own_fence()
{
    const std::int64_t now = shared_->time.now().time_since_epoch().count();
    return fence_ = std::max(fence_ + 1, now);
}

/** Whether the store has taken so long that a run is not wanted any more. */
bool runner::core::is_past(const job& first, due_run& run) const
{
    const auto& s = std::get<schedule>(first.trigger);
    const instant now = shared_->time.now();
    if (run.caught_up || is_late(s, run.due, now)) return false;
    run.caught_up = true;
    return s.catch_up == catch_up_policy::none || now - run.scheduled_at > s.catch_up_window;
}

/** Starts what was won. What was not has run under this name before the clock was set: it is not
 * run again if it keeps its name, else the next microsecond's name is tried, so that keys stay
 * unique and no hour is silent. */
void runner::core::claimed(
    due_batch batch, const error_code& ec, const std::vector<carillon::claim>& claims)
{
    due_batch again{
        .plan = batch.plan, .tries = batch.tries - 1, .at = batch.at, .boot_at = batch.boot_at};
    auto won = std::make_shared<due_batch>(
        due_batch{.plan = batch.plan, .at = batch.at, .boot_at = batch.boot_at});
    claim_batch lost;
    std::vector<event> told;
    for (std::size_t i = 0; i < batch.runs.size(); ++i) {
        claimed_run& r = batch.runs[i];
        const job& first = (*batch.plan)[r.due.job];
        const instant at = r.due.scheduled_at;
        if (!ec && claims[i].won) {
            r.fence = claims[i].fence;
            fence_ = std::max(fence_, r.fence);
            if (is_past(first, r.due)) {
                settle_unsent({batch.plan, r}, reason::window);
                give_up(*batch.plan, r);
            } else {
                won->runs.push_back(r);
            }
        } else if (goes_without(ec, *batch.plan, r.due.job)) {
            r.fence = own_fence();
            if (is_past(first, r.due)) {
                lost.missed.push_back({first.name, at, at, 1, reason::window});
                told.emplace_back(run_skipped{first, at, reason::window, 1});
                give_up(*batch.plan, r);
            } else {
                won->runs.push_back(r);
            }
        } else if (!ec && r.due.keeps_name) {
            give_up(*batch.plan, r);
        } else if (!ec && batch.tries > 0) {
            r.due.scheduled_at += microseconds{1};
            again.runs.push_back(r);
        } else {
            const error_code why = ec ? ec : make_error_code(errc::already_claimed);
            lost.missed.push_back({first.name, at, at, 1, reason::store});
            told.emplace_back(runs_missed{first, at, at, 1, reason::store, why});
            give_up(*batch.plan, r);
        }
    }
    if (!lost.empty()) recorder_->keep_later(lost);
    if (!again.runs.empty()) claim(std::move(again));
    if (!won->runs.empty()) start_when_due(std::move(won));
    for (const event& e : told) shared_->emit(e);
}

/** A run that is not started leaves its place. */
void runner::core::give_up(const job_set& plan, const claimed_run& run)
{
    const std::string& chain = plan[run.due.job].name;
    run.how == admission::start ? leave_gate(chain) : leave_queue(chain);
}

/** In slices: ten thousand runs at one instant must not hold up all else. */
void runner::core::start_some(std::shared_ptr<due_batch> batch, std::size_t from)
{
    const std::size_t to = std::min(from + runs_in_a_row, batch->runs.size());
    for (std::size_t i = from; i < to; ++i) enter(batch->plan, batch->runs[i]);
    if (to == batch->runs.size()) return;
    ++underway_;
    asio::post(shared_->executor, [self = shared_from_this(), batch = std::move(batch), to] {
        self->start_some(batch, to);
        --self->underway_;
        self->finish_if_idle();
    });
}

/** Starts a run that is claimed, or lets it wait for the end of the one before. */
void runner::core::enter(const std::shared_ptr<const job_set>& plan, const claimed_run& run)
{
    if (run.how == admission::start) return start_due(plan, run);
    chain_state& chain = chains_.at((*plan)[run.due.job].name);
    if (chain.gate.running == 0) {
        --chain.gate.waiting;
        ++chain.gate.running;
        return start_due(plan, run);
    }
    put_in_queue(chain, {plan, run});
}

void runner::core::put_in_queue(chain_state& chain, queued_run next)
{
    const bool replaces = next.run.how == admission::replace;
    const std::string name = (*next.plan)[next.run.due.job].name;
    if (draining_) {
        settle_unsent(next, reason::shutdown);
        return leave_queue(name);
    }
    auto displaced = std::exchange(chain.queued, std::move(next));
    if (displaced) {
        --chain.gate.waiting;
        settle_unsent(*displaced, reason::overlap);
    }
    if (!replaces) return;
    std::vector<std::shared_ptr<chain_run>> going; // what a run tells may end others
    going.reserve(chain.going.size());
    for (chain_run* run : chain.going) going.push_back(run->shared_from_this());
    for (const auto& run : going) run->cancel();
}

/** Records a claimed run that comes to nothing. */
void runner::core::settle_unsent(const queued_run& queued, reason why)
{
    const job& first = (*queued.plan)[queued.run.due.job];
    const due_run& due = queued.run.due;
    const instant now = shared_->time.now();
    recorder_->record(std::make_shared<const run_record>(run_record{
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
    shared_->emit(run_skipped{first, due.scheduled_at, why, 1});
}

/** When firing stops nothing waits any more. */
void runner::core::empty_queues()
{
    std::vector<queued_run> waiting;
    for (auto& [name, chain] : chains_) {
        // Still open, they are left to the next start.
        chain.gate.waiting -= static_cast<int>(chain.cut_off.size());
        chain.cut_off.clear();
        if (auto queued = std::exchange(chain.queued, std::nullopt))
            waiting.push_back(std::move(*queued));
    }
    for (const queued_run& w : waiting) {
        settle_unsent(w, reason::shutdown);
        leave_queue((*w.plan)[w.run.due.job].name);
    }
}

void runner::core::start_due(const std::shared_ptr<const job_set>& plan, const claimed_run& r)
{
    run_record record = record_of(*plan, r);
    record.lateness = std::max(shared_->time.now() - r.due.due, microseconds{0});
    start_run(
        plan, r.due.job, std::move(record), chain_run::beginning::fresh, cancelling_,
        [self = shared_from_this()](const auto& run) { self->run_ended(run); });
}

run_record runner::core::record_of(const job_set& plan, const claimed_run& r) const
{
    run_record record;
    record.id = r.id;
    record.chain = plan[r.due.job].name;
    record.scheduled_at = r.due.scheduled_at;
    record.trigger = r.due.caught_up ? run_trigger::catch_up : run_trigger::schedule;
    record.fence = r.fence;
    return record;
}

std::shared_ptr<chain_run> runner::core::start_run(
    const std::shared_ptr<const job_set>& plan,
    job_index first,
    run_record record,
    chain_run::beginning from,
    bool cancelled,
    chain_run::end_handler on_end)
{
    auto run = std::make_shared<chain_run>(shared_, plan, first, std::move(record), from);
    runs_.emplace(run.get(), run);
    chains_.at(run->record().chain).going.push_back(run.get());
    if (cancelled) run->cancel();
    run->start(std::move(on_end));
    return run;
}

void runner::core::leave_gate(const std::string& chain)
{
    chain_state& c = chains_.at(chain);
    --c.gate.running;
    if (c.gate.running == 0 && !c.cut_off.empty()) {
        auto next = std::make_shared<open_run>(std::move(c.cut_off.front()));
        c.cut_off.erase(c.cut_off.begin());
        return go_on(next, true);
    }
    if (c.gate.running > 0 || !c.queued) return forget_if_idle(chain);
    const queued_run next = *std::exchange(c.queued, std::nullopt);
    --c.gate.waiting;
    ++c.gate.running;
    start_due(next.plan, next.run);
}

void runner::core::leave_queue(const std::string& chain)
{
    --chains_.at(chain).gate.waiting;
    forget_if_idle(chain);
}

/** What the chain owes may go on once nothing of it goes. */
void runner::core::forget_if_idle(const std::string& chain)
{
    const auto at = chains_.find(chain);
    if (at->second.gate.running > 0 || at->second.gate.waiting > 0) return;
    chains_.erase(at);
    const auto j = is_firing() ? plan_->find(chain) : std::nullopt;
    if (j && timetable_.release(*j, shared_->time.now())) arm();
}

} // namespace carillon
