#pragma once

#include <carillon/error.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>

#include <boost/uuid/uuid.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** Identifies a run: a version 7 UUID (RFC 9562), so that ids sort by time. */
using run_id = boost::uuids::uuid;

/** One HTTP request and its result. */
struct attempt_record {
    /// From 1.
    int attempt = 1;
    instant started_at;
    microseconds latency{0};
    carillon::outcome outcome = outcome::completed;
    /// 0 where no reply came.
    int http_status = 0;
    /// Where it ended, unless it completed.
    std::optional<carillon::phase> phase{};
    /// How long that part had taken.
    microseconds phase_time{0};
    /// What went wrong, in words without secrets; empty where nothing did.
    std::string error{};
    /// What may help against it; empty where nothing is known. Lives as long as the process.
    std::string_view advice{};
};

/** A value of a job's reply that later jobs of the run are sent with. */
struct reply_value {
    /// RFC 6901.
    std::string pointer;
    /// Compact JSON (RFC 8259).
    std::string value;
};

/** One job of a run. */
struct job_record {
    std::string job;
    /// None while it waits or is running.
    std::optional<carillon::outcome> outcome{};
    /// Why it was skipped.
    std::optional<carillon::reason> reason{};
    /// The reply's own word on how it went, `error` where it has none.
    std::string status{};
    /// The reply's text for people, or what went wrong.
    std::string message{};
    std::vector<attempt_record> attempts{};
    /// While the run is running.
    std::vector<reply_value> values{};
    /// While it is running, of one that is delivered at most once: the endpoint may have got it.
    bool may_be_sent = false;
    /// While it is polled: the URL that is asked, or empty where the job itself names it.
    std::optional<std::string> polled{};
};

/** One run of a chain for one occurrence. */
struct run_record {
    run_id id{};
    std::string chain;
    /// The occurrence's instant; for a run by hand that of the asking.
    instant scheduled_at;
    run_trigger trigger = run_trigger::schedule;
    /// None while it is running.
    std::optional<carillon::outcome> outcome{};
    /// Why it was not run, or not to its end.
    std::optional<carillon::reason> reason{};
    instant started_at{};
    std::optional<instant> ended_at{};
    /// Start minus due.
    microseconds lateness{0};
    /// Grows with every claim of the chain.
    std::int64_t fence = 0;
    std::vector<job_record> jobs{};
};

/**
 * A whole run's outcome: completed when every job completed or was skipped, else that of the first
 * job that did not.
 *
 * Needs a run in which every job has ended.
 */
outcome outcome_of(const run_record& run) noexcept;

/** Prepares the jobs of a run that has ended for a retry: those that did not complete begin anew,
 * and continue to count their attempts. */
void reopen(std::vector<job_record>& jobs);

/** The outcome that a failed exchange gives: `unreachable`, `timed_out`, `rejected` or `cancelled`.
 */
outcome outcome_of(const error_code& ec) noexcept;

} // namespace carillon
