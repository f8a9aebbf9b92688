#include "runner/run/chain_run.hpp"

#include "base/crash_point.hpp"
#include "runner/attempt/attempt.hpp"
#include "runner/run/recovery.hpp"
#include <carillon/detail/spawn.hpp>
#include <carillon/job/job_templates.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {

chain_run::chain_run(
    std::shared_ptr<services> shared,
    std::shared_ptr<const job_set> jobs,
    job_index first,
    run_record record,
    beginning from)
    : shared_(std::move(shared)), jobs_(std::move(jobs)),
      walk_(walk_of(*jobs_, first, record.trigger)), record_(std::move(record)),
      secrets_(jobs_->secrets()), wanted_values_(walk_.size()), signals_(walk_.size()), from_(from)
{
    // From here on the records do not move: coroutines write to them.
    align(record_.jobs, walk_);
    find_wanted_values();
    if (from_ != beginning::fresh) resume();
}

/** Continues from the outcomes that jobs already have. */
void chain_run::resume()
{
    if (from_ == beginning::crashed)
        underway_before_ = mark_underway(record_.jobs, walk_, record_.started_at);
    forget_jobs_without_values();
    for (std::size_t i = 0; i < walk_.size(); ++i) {
        if (!record_.jobs[i].outcome) continue;
        walk_.had_ended(i, *record_.jobs[i].outcome);
        ++ended_;
    }
}

/** Secret values of replies were not stored. If a job still needs one, the job whose reply had it
 * is sent again, unless that is delivered at most once. */
void chain_run::forget_jobs_without_values()
{
    // From the last job to the first: a job that is sent again may need values itself.
    for (std::size_t i = walk_.size(); i-- > 0;) {
        if (record_.jobs[i].outcome) continue;
        for (const auto& [r, is_secret] : sent_values(walk_.at(i))) {
            for (std::size_t of = 0; of < i; ++of) {
                job_record& known = record_.jobs[of];
                if (known.job != r.job || known.outcome != outcome::completed) continue;
                const std::string& pointer = r.pointer;
                const bool has_value = std::any_of(
                    known.values.begin(), known.values.end(),
                    [&](const reply_value& v) { return v.pointer == pointer; });
                if (has_value || walk_.at(of).delivery == delivery_policy::at_most_once) continue;
                known.outcome = {};
                underway_before_.push_back(of); // so that the store knows that it runs again
            }
        }
    }
}

void chain_run::find_wanted_values()
{
    for (std::size_t i = 0; i < walk_.size(); ++i) {
        for (sent_value& v : sent_values(walk_.at(i))) {
            const auto of =
                std::find_if(record_.jobs.begin(), record_.jobs.end(), [&](const job_record& j) {
                    return j.job == v.from.job;
                });
            if (of == record_.jobs.end()) continue;
            auto& wanted = wanted_values_[static_cast<std::size_t>(of - record_.jobs.begin())];
            const auto known =
                std::find_if(wanted.begin(), wanted.end(), [&](const wanted_value& w) {
                    return w.pointer == v.from.pointer;
                });
            if (known == wanted.end())
                wanted.push_back({std::move(v.from.pointer), v.is_secret});
            else
                known->is_secret = known->is_secret || v.is_secret;
        }
    }
}

void chain_run::start(end_handler on_end)
{
    on_end_ = std::move(on_end);
    if (from_ != beginning::crashed) record_.started_at = shared_->time.now();
    shared_->emit(run_started{record_, first(), from_ != beginning::fresh});
    if (underway_before_.empty()) return advance();
    for (const std::size_t i : underway_before_)
        if (record_.jobs[i].outcome)
            shared_->emit(job_ended{record_, walk_.at(i), record_.jobs[i]});
    // Their attempts must count after another crash, too. So no request is sent before they are
    // stored.
    for (const std::size_t i : underway_before_)
        shared_->store.async_save_progress(
            record_.id, as_stored(record_.jobs[i], wanted_values_[i], secrets_),
            [self = shared_from_this(), i](const error_code& ec) {
                if (ec && !self->finished_)
                    self->shared_->emit(progress_failed{self->record_, self->walk_.at(i), ec});
                if (i == self->underway_before_.back()) self->advance();
            });
}

void chain_run::cancel(std::optional<reason> why)
{
    if (std::exchange(cancelled_, true)) return;
    why_cancelled_ = why;
    // A cancellation completes nothing within the call, so this loop's signals stay valid.
    for (const auto& signal : signals_) {
        if (!signal) continue;
        signal->emit(asio::cancellation_type::terminal);
        // Outside of the executor co_spawn posts the cancellation. The signal must live until then.
        asio::post(shared_->executor, [signal] {});
    }
}

void chain_run::advance()
{
    while (const auto step = cancelled_ ? std::nullopt : walk_.next()) {
        if (!step->skip) {
            start_job(step->position);
            continue;
        }
        skip_job(*step);
    }
    if (cancelled_) cancel_rest();
    if (ended_ == walk_.size()) finish();
}

void chain_run::skip_job(const chain_walk::step& step)
{
    record_.jobs[step.position].outcome = outcome::skipped;
    record_.jobs[step.position].reason = step.skip;
    end_job(step.position);
    // Nothing waits for the save: what follows is saved after it.
    if (ended_ < walk_.size()) save_job(step.position, [] {});
}

void chain_run::start_job(std::size_t position)
{
    shared_->emit(job_started{record_, walk_.at(position)});
    if (cancelled_) return; // a listener has done so
    signals_[position] = std::make_shared<asio::cancellation_signal>();
    const instant begun_at = shared_->time.now();
    const microseconds begun = shared_->time.since_boot();
    wait_for_permit(
        *shared_, walk_.at(position), record_.jobs[position], signals_[position]->slot(),
        [self = shared_from_this(), position, begun_at,
         begun](std::optional<limiter::permit_result> permit) {
            self->perform(position, std::move(permit), begun_at, begun);
        });
}

void chain_run::perform(
    std::size_t position,
    std::optional<limiter::permit_result> permit,
    instant begun_at,
    microseconds begun)
{
    // A cancellation that came as the wait ended has cancelled nothing. The permit is released
    // here, and after this error no other attempt is made.
    if (cancelled_ && permit)
        permit = limiter::permit_result{.error = asio::error::operation_aborted};
    asio::co_spawn(
        shared_->executor,
        perform_job(
            {.shared = *shared_,
             .secrets = secrets_,
             .job = walk_.at(position),
             .run = record_,
             .wanted_values = wanted_values_[position],
             .record = record_.jobs[position],
             .permit = std::move(permit),
             .begun_at = begun_at,
             .begun = begun}),
        asio::bind_cancellation_slot(
            signals_[position]->slot(),
            [self = shared_from_this(), position](const std::exception_ptr& thrown) {
                self->job_done(position, thrown);
            }));
}

void chain_run::job_done(std::size_t position, const std::exception_ptr& thrown)
{
    job_record& record = record_.jobs[position];
    if (thrown) {
        // It can only be exhaustion. Other jobs must not suffer from it.
        record.outcome = outcome::failed;
        record.status = "error";
        record.message = describe(code_of(thrown));
    }
    signals_[position].reset();
    end_job(position);
    if (ended_ == walk_.size() || cancelled_) return continue_after(position);
    crash_point("job.ended");
    // The next jobs begin once a crash can no longer make this one run again.
    save_job(position, [self = shared_from_this(), position] {
        crash_point("job.saved");
        self->continue_after(position);
    });
}

/** Saves a job's outcome, so that the job does not run again after a crash. */
void chain_run::save_job(std::size_t position, std::function<void()> then)
{
    shared_->store.async_save_progress(
        record_.id, as_stored(record_.jobs[position], wanted_values_[position], secrets_),
        [self = shared_from_this(), position, then = std::move(then)](const error_code& ec) {
            if (ec && !self->finished_)
                self->shared_->emit(progress_failed{self->record_, self->walk_.at(position), ec});
            then();
        });
}

void chain_run::continue_after(std::size_t position)
{
    if (finished_) return; // meanwhile, and its record may have been taken
    walk_.ended(position, *record_.jobs[position].outcome);
    advance();
}

void chain_run::end_job(std::size_t position)
{
    ++ended_;
    shared_->emit(job_ended{record_, walk_.at(position), record_.jobs[position]});
}

void chain_run::cancel_rest()
{
    for (std::size_t i = 0; i < walk_.size(); ++i) {
        job_record& record = record_.jobs[i];
        if (record.outcome || signals_[i]) continue;
        record.outcome = outcome::cancelled;
        record.status = "error";
        record.message = "cancelled before it began";
        end_job(i);
    }
}

void chain_run::finish()
{
    if (std::exchange(finished_, true)) return; // the last of several that ended at a time
    for (job_record& j : record_.jobs) forget_progress(j);
    record_.outcome = outcome_of(record_);
    if (record_.outcome == outcome::cancelled) record_.reason = why_cancelled_;
    record_.ended_at = shared_->time.now();
    shared_->emit(run_ended{record_, first()});
    crash_point("run.ended");
    // Posted, so that a run whose jobs are all skipped does not end within start().
    asio::post(shared_->executor, [self = shared_from_this()] {
        std::exchange(self->on_end_, nullptr)(self);
    });
}

} // namespace carillon::detail
