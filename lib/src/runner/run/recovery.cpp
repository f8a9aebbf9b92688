#include "runner/run/recovery.hpp"

#include "runner/attempt/progress.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace carillon::detail {
namespace {

constexpr const char* by_a_crash = "interrupted by a crash of carillon";

const char* in_words(reason why)
{
    switch (why) {
    case reason::removed:
        return "the job was removed";
    case reason::window:
        return "longer ago than catch_up_window";
    case reason::overlap:
        return "a newer run has taken its place";
    default:
        return by_a_crash;
    }
}

void interrupt(job_record& job, reason why)
{
    job.outcome = outcome::interrupted;
    job.reason = why;
    job.status = "error";
    job.message = in_words(why);
    forget_progress(job);
}

/** Adds an attempt that a crash interrupted, and of which nothing is known. */
void add_interrupted_attempt(job_record& job, instant at)
{
    const int before = job.attempts.empty() ? 0 : job.attempts.back().attempt;
    job.attempts.push_back(
        {.attempt = before + 1,
         .started_at = at,
         .outcome = outcome::interrupted,
         .error = by_a_crash});
}

} // namespace

std::optional<reason> why_interrupted(const open_run& crashed, const job_set& jobs, instant now)
{
    const run_record& run = crashed.run;
    if (!crashed.recovers) return reason::crash;
    const auto first = jobs.find(run.chain);
    if (!first) return reason::removed;
    const auto* s = std::get_if<schedule>(&jobs[*first].trigger);
    if (s == nullptr || !is_by_schedule(run.trigger)) return std::nullopt;
    if (now - run.scheduled_at > s->catch_up_window) return reason::window;
    return std::nullopt;
}

bool is_by_schedule(run_trigger t) noexcept
{
    return t == run_trigger::schedule || t == run_trigger::catch_up;
}

chain_walk walk_of(const job_set& jobs, job_index first, run_trigger why)
{
    return {jobs, jobs.chain_from(first), !is_by_schedule(why)};
}

void align(std::vector<job_record>& jobs, const chain_walk& walk)
{
    std::vector<job_record> known = std::exchange(jobs, {});
    jobs.resize(walk.size());
    for (std::size_t i = 0; i < walk.size(); ++i) {
        jobs[i].job = walk.at(i).name;
        const auto at = std::find_if(
            known.begin(), known.end(), [&](const job_record& j) { return j.job == jobs[i].job; });
        if (at != known.end()) jobs[i] = std::move(*at);
    }
}

std::vector<std::size_t>
mark_underway(std::vector<job_record>& jobs, chain_walk walk, instant begun)
{
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < walk.size(); ++i)
        if (jobs[i].outcome) walk.had_ended(i, *jobs[i].outcome);
    while (const auto step = walk.next()) {
        if (step->skip) continue;
        job_record& j = jobs[step->position];
        const job& of = walk.at(step->position);
        // A job that is polled continues. Jobs that are delivered at most once follow below.
        if (is_polled(j, of) || of.delivery == delivery_policy::at_most_once) continue;
        add_interrupted_attempt(j, begun);
        out.push_back(step->position);
    }
    // Also jobs that do not seem ready: the end of the job before may not have been stored.
    for (std::size_t i = 0; i < walk.size(); ++i) {
        if (jobs[i].outcome || !jobs[i].may_be_sent || is_polled(jobs[i], walk.at(i))) continue;
        add_interrupted_attempt(jobs[i], begun);
        interrupt(jobs[i], reason::crash);
        out.push_back(i);
    }
    return out;
}

void interrupt(run_record& run, const job_set& jobs, reason why, instant now)
{
    if (const auto first = jobs.find(run.chain)) {
        chain_walk walk = walk_of(jobs, *first, run.trigger);
        align(run.jobs, walk);
        mark_underway(run.jobs, walk, run.started_at);
    }
    for (job_record& j : run.jobs) {
        if (!j.outcome && has_begun(j)) interrupt(j, why);
        forget_progress(j);
    }
    std::erase_if(run.jobs, [](const job_record& j) { return !j.outcome; });
    run.outcome = outcome_of(run);
    // All jobs that had begun have completed, but others were to follow.
    if (run.outcome == outcome::completed) run.outcome = outcome::interrupted;
    run.reason = why;
    run.ended_at = now;
}

} // namespace carillon::detail
