#include <carillon/detail/spawn.hpp>
#include <carillon/job/job_templates.hpp>
#include <carillon/runner/attempt.hpp>
#include <carillon/runner/chain_run.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon {

chain_run::chain_run(
    std::shared_ptr<services> shared,
    std::shared_ptr<const job_set> plan,
    job_index first,
    run_record record)
    : shared_(std::move(shared)), plan_(std::move(plan)),
      walk_(*plan_, plan_->chain_from(first), record.trigger == run_trigger::manual),
      record_(std::move(record)), secrets_(plan_->secrets()), wanted_values_(walk_.size()),
      signals_(walk_.size())
{
    // The records stay where they are from here on: coroutines write to them.
    record_.jobs.resize(walk_.size());
    for (std::size_t i = 0; i < walk_.size(); ++i) record_.jobs[i].job = walk_.at(i).name;
    find_wanted_values();
}

void chain_run::find_wanted_values()
{
    for (std::size_t i = 0; i < walk_.size(); ++i) {
        for (reply_reference& r : reply_references(walk_.at(i))) {
            const auto of =
                std::find_if(record_.jobs.begin(), record_.jobs.end(), [&](const job_record& j) {
                    return j.job == r.job;
                });
            if (of == record_.jobs.end()) continue;
            auto& wanted = wanted_values_[static_cast<std::size_t>(of - record_.jobs.begin())];
            if (std::find(wanted.begin(), wanted.end(), r.pointer) == wanted.end())
                wanted.push_back(std::move(r.pointer));
        }
    }
}

void chain_run::start(end_handler on_end)
{
    on_end_ = std::move(on_end);
    record_.started_at = shared_->time.now();
    shared_->emit(run_started{record_, first()});
    advance();
}

void chain_run::cancel()
{
    if (std::exchange(cancelled_, true)) return;
    // Cancelling completes nothing within the call, so the signals stay while we go over them.
    for (const auto& signal : signals_)
        if (signal) signal->emit(asio::cancellation_type::terminal);
}

void chain_run::advance()
{
    while (const auto step = cancelled_ ? std::nullopt : walk_.next()) {
        if (!step->skip) {
            start_job(step->position);
            continue;
        }
        record_.jobs[step->position].outcome = outcome::skipped;
        record_.jobs[step->position].reason = step->skip;
        end_job(step->position);
    }
    if (cancelled_) cancel_rest();
    if (ended_ == walk_.size()) finish();
}

void chain_run::start_job(std::size_t position)
{
    shared_->emit(job_started{record_, walk_.at(position)});
    if (cancelled_) return; // by a listener
    signals_[position] = std::make_unique<asio::cancellation_signal>();
    asio::co_spawn(
        shared_->executor,
        perform_job(
            {.shared = *shared_,
             .secrets = secrets_,
             .job = walk_.at(position),
             .run = record_,
             .wanted_values = wanted_values_[position],
             .record = record_.jobs[position]}),
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
        // Only exhaustion comes here; the job's fault must stay with the job.
        record.outcome = outcome::failed;
        record.status = "error";
        record.message = describe(detail::code_of(thrown));
    }
    signals_[position].reset();
    walk_.ended(position, *record.outcome);
    end_job(position);
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
    // They may be secrets, and nobody is sent with them any more.
    for (job_record& j : record_.jobs) j.values = {};
    record_.outcome = outcome_of(record_);
    record_.ended_at = shared_->time.now();
    shared_->emit(run_ended{record_, first()});
    // Posted, so that a run whose jobs are all skipped does not end within start().
    asio::post(shared_->executor, [self = shared_from_this()] {
        std::exchange(self->on_end_, nullptr)(self);
    });
}

} // namespace carillon
