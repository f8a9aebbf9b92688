#include "simulate/event_teller.hpp"

#include <variant>

namespace carillon::app {

event_teller::event_teller(
    const job_set& jobs, const time_source& time, const simulated_event_handler& tell)
    : jobs_(jobs), time_(time), tell_(tell)
{}

void event_teller::on_event(const event& e)
{
    std::visit(
        overloaded{
            [&](const job_started& s) { on_job_started(s); },
            [&](const job_ended& j) { on_job_ended(j); },
            [&](const run_ended& r) { on_run_ended(r); },
            [&](const run_skipped& s) { on_run_skipped(s); },
            [&](const runs_missed& m) { on_runs_missed(m); },
            [](const auto&) {},
        },
        e);
}

void event_teller::tell_incident(const std::string& words, microseconds step)
{
    tell_({.at = time_.now(), .what = simulated_event::kind::incident, .job = words, .step = step});
}

void event_teller::interrupt_all()
{
    for (const auto& [job, scheduled_at] : std::exchange(running_, {})) {
        interrupted_.emplace(job, scheduled_at);
        tell_(
            {.at = time_.now(),
             .what = simulated_event::kind::ended,
             .job = job,
             .scheduled_at = scheduled_at,
             .outcome = outcome::interrupted,
             .is_first = begins_chain(job)});
    }
}

void event_teller::on_job_started(const job_started& s)
{
    interrupted_.erase({s.job.name, s.run.scheduled_at});
    running_.emplace(s.job.name, s.run.scheduled_at);
    tell_job(simulated_event::kind::started, s.run, s.job);
}

void event_teller::on_job_ended(const job_ended& j)
{
    using kind = simulated_event::kind;
    const job_run name(j.job.name, j.run.scheduled_at);
    running_.erase(name);
    // That the run was interrupted was told when it happened.
    if (interrupted_.erase(name) == 1U && j.record.outcome == outcome::interrupted) return;
    if (j.record.outcome == outcome::skipped)
        tell_job(kind::skipped, j.run, j.job, {}, j.record.reason);
    else if (j.record.outcome != outcome::cancelled)
        tell_job(kind::ended, j.run, j.job, j.record.outcome, j.record.reason);
}

/** The run knows why its jobs were cancelled. */
void event_teller::on_run_ended(const run_ended& r)
{
    using kind = simulated_event::kind;
    for (const job_record& j : r.run.jobs)
        if (j.outcome == outcome::cancelled)
            tell_job(kind::ended, r.run, jobs_[jobs_.find(j.job).value()], j.outcome, r.run.reason);
    // A job that the machine's end has kept from starting has no event of its own.
    if (r.run.outcome == outcome::interrupted && r.run.jobs.empty())
        tell_job(kind::ended, r.run, r.first, r.run.outcome, r.run.reason);
}

void event_teller::on_run_skipped(const run_skipped& s)
{
    tell_(
        {.at = time_.now(),
         .what = simulated_event::kind::skipped,
         .job = s.first.name,
         .scheduled_at = s.scheduled_at,
         .reason = s.reason,
         .is_first = true});
}

void event_teller::on_runs_missed(const runs_missed& m)
{
    tell_(
        {.at = time_.now(),
         .what = simulated_event::kind::missed,
         .job = m.first.name,
         .reason = m.reason,
         .first = m.from,
         .last = m.to,
         .count = m.count,
         .is_first = true});
}

void event_teller::tell_job(
    simulated_event::kind what,
    const run_record& run,
    const job& j,
    std::optional<outcome> o,
    std::optional<reason> why)
{
    const bool is_first = run.chain == j.name;
    tell_(
        {.at = time_.now(),
         .what = what,
         .job = j.name,
         .scheduled_at = run.scheduled_at,
         .outcome = o,
         .reason = why,
         .is_first = is_first,
         .is_caught_up = is_first && what == simulated_event::kind::started &&
                         run.trigger == run_trigger::catch_up});
}

bool event_teller::begins_chain(const std::string& job) const
{
    const job_index j = jobs_.find(job).value();
    return jobs_.chain_of(j) == j;
}

} // namespace carillon::app
