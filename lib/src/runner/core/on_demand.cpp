#include "runner/core/on_demand.hpp"

#include "runner/run/recovery.hpp"
#include "runner/run/run_id.hpp"

#include <boost/asio/error.hpp>

#include <utility>
#include <variant>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/// Where the name of a run by hand is taken, so many microseconds after it are tried.
constexpr int other_names = 100;

/** The names of a schedule's instants are for its own runs. */
instant name_by_hand(const job_set& jobs, job_index first, instant now)
{
    const auto* s = std::get_if<schedule>(&jobs[first].trigger);
    const bool is_instant = s != nullptr && !follows_elapsed_time(*s) &&
                            occurrences(*s, make_grid(*s, {})).last_until(now) == now;
    return is_instant ? now + one_tick : now;
}

bool has_crashed(const run_record& run) { return !run.outcome && run.reason == reason::crash; }

} // namespace

struct on_demand::asked_run {
    asked_run(operation_type o, std::shared_ptr<const job_set> p)
        : operation(std::move(o)), jobs(std::move(p))
    {}

    void cancel()
    {
        is_cancelled = true;
        if (auto r = run.lock()) r->cancel();
    }

    bool is_retry() const { return from == chain_run::beginning::retried; }

    operation_type operation;
    std::shared_ptr<const job_set> jobs;
    job_index first = 0;
    chain_run::beginning from = chain_run::beginning::fresh;
    run_record record; // as it begins
    std::weak_ptr<chain_run> run;
    bool is_cancelled = false;
};

on_demand::asked_ptr on_demand::make_asked(handler_type handler) const
{
    auto asked = std::make_shared<asked_run>(
        operation_type(shared_->executor, std::move(handler)), plan_.jobs());
    if (auto slot = asked->operation.slot(); slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(asked)](asio::cancellation_type) {
            if (auto mine = weak.lock()) mine->cancel();
        });
    }
    return asked;
}

void on_demand::trigger(const std::string& name, handler_type handler)
{
    const auto asked = make_asked(std::move(handler));
    const auto first = asked->jobs->find(name);
    if (life_.is_draining() || !first)
        return std::move(asked->operation)
            .complete(life_.is_draining() ? errc::not_running : errc::no_such_job, {});
    asked->first = *first;
    const instant now = shared_->time.now();
    asked->record.id = make_run_id(now, shared_->random);
    asked->record.chain = name;
    asked->record.scheduled_at = name_by_hand(*asked->jobs, *first, now);
    asked->record.trigger = run_trigger::manual;
    offer(asked, other_names);
}

void on_demand::retry(run_id id, handler_type handler)
{
    const auto asked = make_asked(std::move(handler));
    if (life_.is_draining()) return std::move(asked->operation).complete(errc::not_running, {});
    auto answer = [this, asked](const error_code& ec, std::optional<run_record> record) {
        found(asked, ec, std::move(record));
    };
    shared_->store.async_find_run(id, work_.track(std::move(answer)));
}

/** Success where the run can be retried. */
error_code
on_demand::why_not_retried(const std::optional<run_record>& found, const job_set& jobs) const
{
    if (life_.is_draining()) return errc::not_running;
    if (!found) return errc::no_such_run;
    if (!found->outcome && !has_crashed(*found)) return errc::run_not_ended;
    if (found->outcome == outcome::completed) return errc::nothing_to_retry;
    if (!jobs.find(found->chain)) return errc::no_such_job;
    return {};
}

void on_demand::found(
    const asked_ptr& asked, const error_code& ec, std::optional<run_record> record)
{
    const error_code why = ec ? ec : why_not_retried(record, *asked->jobs);
    if (why) return std::move(asked->operation).complete(why, {});
    asked->first = *asked->jobs->find(record->chain);
    asked->from = chain_run::beginning::retried;
    if (has_crashed(*record)) interrupt(*record, *asked->jobs, reason::crash, shared_->time.now());
    reopen(record->jobs);
    record->outcome = {};
    record->reason = {};
    record->ended_at = {};
    record->trigger = run_trigger::retry;
    asked->record = std::move(*record);
    offer(asked, 0);
}

void on_demand::offer(const asked_ptr& asked, int tries)
{
    const std::string& chain = asked->record.chain;
    claims_.take_back_ahead(chain); // the scheduled run is due after it
    // A listener may have stopped the runner meanwhile.
    if (life_.is_draining()) return std::move(asked->operation).complete(errc::not_running, {});
    chains_.slots_of(chain).offer_by_hand();
    claim(asked, tries);
}

void on_demand::claim(const asked_ptr& asked, int tries)
{
    const run_record& r = asked->record;
    store_changes batch;
    batch.claims.push_back(
        {.chain = r.chain,
         .scheduled_at = r.scheduled_at,
         .run = r.id,
         .trigger = r.trigger,
         .due = r.scheduled_at,
         .recovers = recovers_,
         .what = asked->is_retry() ? claim_request::kind::retried : claim_request::kind::fresh});
    journal_->claim(
        std::move(batch),
        [this, asked, tries](const error_code& ec, const std::vector<carillon::claim>& answers) {
            run_record& record = asked->record;
            const bool won = !ec && answers[0].won;
            if (won || (ec && claims_.may_run_unclaimed(*asked->jobs, asked->first))) {
                record.fence = won ? answers[0].fence : chains_.own_fence();
                return start(asked);
            }
            if (!ec && tries > 0) {
                record.scheduled_at += one_tick;
                return claim(asked, tries - 1);
            }
            chains_.leave_slot(record.chain);
            const errc taken = asked->is_retry() ? errc::run_not_ended : errc::already_claimed;
            std::move(asked->operation).complete(ec ? ec : make_error_code(taken), {});
        });
}

void on_demand::start(const asked_ptr& asked)
{
    using how = chains::start;
    asked->run = chains_.start_run(
        {.jobs = asked->jobs,
         .first = asked->first,
         .record = std::move(asked->record),
         .from = asked->from,
         .how = asked->is_cancelled ? how::at_shutdown : chains_.how_runs_begin(),
         .on_end = [asked](const chain_run& run) {
             const error_code ec =
                 asked->is_cancelled ? asio::error::operation_aborted : error_code{};
             std::move(asked->operation).complete(ec, run.record());
         }});
    // A listener may have cancelled it within the call.
    if (const auto run = asked->run.lock(); run && asked->is_cancelled) run->cancel();
}

} // namespace carillon::detail
