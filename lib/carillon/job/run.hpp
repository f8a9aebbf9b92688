#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>

#include <boost/json/value.hpp>
#include <boost/uuid/uuid.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** How an attempt or a job ended. */
enum class outcome {
    /// The reply is what the job expects.
    completed,
    /// A whole reply that the expectation refuses.
    failed,
    /// Any deadline.
    timed_out,
    /// No address, refused, reset, or closed before a whole reply.
    unreachable,
    /// TLS, not HTTP, or over a bound.
    rejected,
    /// Ended by a person or a shutdown.
    cancelled,
    /// Not sent: its parents' outcomes, or being disabled, forbade it.
    skipped,
    /// Cut off by a crash.
    interrupted,
};

std::string_view to_string(outcome o) noexcept;

/** The outcome of this name, or nothing. */
std::optional<outcome> outcome_from(std::string_view name) noexcept;

/** The part of an exchange in which an attempt ended. */
enum class phase { resolve, connect, handshake, send, first_byte, body };

std::string_view to_string(phase p) noexcept;
std::optional<phase> phase_from(std::string_view name) noexcept;

/** Why a run exists. */
enum class run_trigger { schedule, catch_up, manual, retry };

std::string_view to_string(run_trigger t) noexcept;
std::optional<run_trigger> run_trigger_from(std::string_view name) noexcept;

/** Why an occurrence or a job was not sent. */
enum class reason {
    /// A newer occurrence stands for it.
    coalesced,
    /// Longer ago than the job catches up with.
    window,
    /// More were owed than the job catches up with.
    limit,
    /// The run before still goes.
    overlap,
    /// carillon is stopping.
    shutdown,
    /// The claim could not be stored.
    store,
    /// The job, or its schedule, is no more.
    removed,
    /// A parent's outcome does not meet the job's `after`.
    condition,
    /// The job is disabled.
    disabled,
    /// The process that ran it is gone, and it is not sent again.
    crash,
};

std::string_view to_string(reason r) noexcept;
std::optional<reason> reason_from(std::string_view name) noexcept;

/** Identifies a run: a version 7 UUID (RFC 9562), so that ids sort by time. */
using run_id = boost::uuids::uuid;

/** One HTTP request and what came of it. */
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
    boost::json::value value;
};

/** One job of a run. */
struct job_record {
    std::string job;
    /// None while it waits or goes.
    std::optional<carillon::outcome> outcome{};
    /// Why it was skipped.
    std::optional<carillon::reason> reason{};
    /// The reply's own word on how it went, `error` where it has none.
    std::string status{};
    /// The reply's text for people, or what went wrong.
    std::string message{};
    std::vector<attempt_record> attempts{};
    /// While the run goes.
    std::vector<reply_value> values{};
    /// While it goes, of one that is delivered at most once: the endpoint may have got it.
    bool may_be_sent = false;
    /// While it is polled: where, or empty where the job itself says it.
    std::optional<std::string> polled{};
};

/** One run of a chain for one occurrence. */
struct run_record {
    run_id id{};
    std::string chain;
    /// The occurrence's instant; for a run by hand that of the asking.
    instant scheduled_at;
    run_trigger trigger = run_trigger::schedule;
    /// None while it goes.
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

/** Makes jobs of a run that has ended ones that go on: what did not complete begins anew, and goes
 * on counting its attempts. */
void reopen(std::vector<job_record>& jobs);

/** The outcome that a failed exchange gives: `unreachable`, `timed_out`, `rejected` or `cancelled`.
 */
outcome outcome_of(const error_code& ec) noexcept;

} // namespace carillon
