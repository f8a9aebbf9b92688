#pragma once

#include <carillon/job/run.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/uuid/string_generator.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace carillon::app {

/** Records for tests: of a Sunday at 09:00. */
struct run_fixture {
    const instant t0 = parse_instant("2026-03-01T09:00:00Z").value();

    static run_id id(const std::string& text) { return boost::uuids::string_generator()(text); }

    /** A job with one attempt that completed. */
    job_record completed(std::string name, microseconds length = std::chrono::seconds{1}) const
    {
        job_record j;
        j.job = std::move(name);
        j.outcome = outcome::completed;
        j.status = "completed";
        j.message = j.job + " done";
        j.attempts = {{.attempt = 1, .started_at = t0, .latency = length, .http_status = 200}};
        return j;
    }

    /** A job whose two attempts found nobody. */
    job_record unreachable(std::string name) const
    {
        job_record j;
        j.job = std::move(name);
        j.outcome = outcome::unreachable;
        j.status = "error";
        j.message = "connection refused";
        for (const int n : {1, 2})
            j.attempts.push_back(
                {.attempt = n,
                 .started_at = t0 + (n - 1) * std::chrono::seconds{2},
                 .latency = std::chrono::milliseconds{3},
                 .outcome = outcome::unreachable,
                 .phase = phase::connect,
                 .phase_time = std::chrono::milliseconds{3},
                 .error = "connection refused (127.0.0.1:80)"});
        return j;
    }

    /** A run of one chain that started `after` t0 and took as long as its jobs say. */
    run_record
    make(std::string chain, microseconds after, microseconds length, std::vector<job_record> jobs)
    {
        run_record r;
        r.id = id("019ca8b1-0000-7000-8000-" + std::to_string(100000000000 + ++made_));
        r.chain = std::move(chain);
        r.scheduled_at = t0 + after;
        r.started_at = t0 + after;
        r.ended_at = r.started_at + length;
        r.fence = made_;
        r.jobs = std::move(jobs);
        r.outcome = r.jobs.empty() ? outcome::completed : outcome_of(r);
        return r;
    }

private:
    std::int64_t made_ = 0;
};

} // namespace carillon::app
