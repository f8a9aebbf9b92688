#pragma once

#include <carillon/runner/event.hpp>
#include <carillon/runner/log_entry.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/time/time_source.hpp>

#include <memory>

namespace carillon {

/**
 * Turns a runner's events into log records: `runner.on_event(event_log(time, runner))`.
 *
 * Hides the secrets of all jobs that the runner has had meanwhile: a run keeps its definition over
 * a reload, and titles and URLs may hold secrets as well as replies. Time source and runner must
 * outlive it.
 */
class event_log {
public:
    /** Time and secrets of the entries are those of `time` and of the jobs of `of`. */
    event_log(const time_source& time, const runner& of) : time_(&time), runner_(&of) {}

    /** Logs an event, on the runner's executor. */
    void operator()(const event& e);

private:
    const time_source* time_;
    const runner* runner_;
    std::shared_ptr<const job_set> known_;
    masker secrets_;
};

/** The entry for an event, with secrets hidden; `now` is its time. */
log_entry to_entry(const event& e, instant now, const masker& secrets);

} // namespace carillon
