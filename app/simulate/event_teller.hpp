#pragma once

#include "simulate/simulation.hpp"
#include <carillon/runner/event.hpp>
#include <carillon/time/time_source.hpp>

#include <optional>
#include <set>
#include <string>
#include <utility>

namespace carillon::app {

/**
 * Tells of a simulation what its runners and its machine do, over all starts of the daemon.
 *
 * It knows which jobs are running, so that it can tell of those that the machine's end interrupts.
 */
class event_teller {
public:
    /** All must outlive it; `time` is the machine's clock. */
    event_teller(const job_set& jobs, const time_source& time, const simulated_event_handler& tell);

    /** Listens to a runner. */
    void on_event(const event& e);

    /** Tells of an incident in words; `step` is by how much the clock is set. */
    void tell_incident(const std::string& words, microseconds step = microseconds{0});

    /** The machine ends: tells that each job that is running is interrupted. */
    void interrupt_all();

private:
    using job_run = std::pair<std::string, instant>; // the job, and its run's instant

    void on_job_started(const job_started& s);
    void on_job_ended(const job_ended& j);
    void on_run_ended(const run_ended& r);
    void on_run_skipped(const run_skipped& s);
    void on_runs_missed(const runs_missed& m);
    void tell_job(
        simulated_event::kind what,
        const run_record& run,
        const job& j,
        std::optional<outcome> o = {},
        std::optional<reason> why = {});
    bool begins_chain(const std::string& job) const;

    const job_set& jobs_;
    const time_source& time_;
    const simulated_event_handler& tell_;
    std::set<job_run> running_;
    std::set<job_run> interrupted_; // and not resumed so far
};

} // namespace carillon::app
