#pragma once

#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

namespace carillon {

/** A run starts. As in all events, the references are valid only during the call of the listener.
 */
struct run_started {
    const run_record& run;
    const carillon::job& first;
    /// It has begun before: a crash interrupted it, or it failed and is retried.
    bool is_resumed = false;
};

/** A job begins: its first attempt of this run, or of this resumption, waits for a permit and is
 * sent. */
struct job_started {
    const run_record& run;
    const carillon::job& job;
};

/** An attempt ended without success and another will be made after `wait`. */
struct attempt_failed {
    const run_record& run;
    const carillon::job& job;
    const attempt_record& attempt;
    microseconds wait{0};
};

/** A job came to its end: completed, failed, ..., or skipped with the record's reason. */
struct job_ended {
    const run_record& run;
    const carillon::job& job;
    const job_record& record;
};

/** A run has ended; `run` has its outcome. */
struct run_ended {
    const run_record& run;
    const carillon::job& first;
};

/** An occurrence was due and is not run. */
struct run_skipped {
    const carillon::job& first;
    instant scheduled_at;
    carillon::reason reason;
    /// How many of this job have been skipped without a run between them.
    int in_a_row = 1;
};

/** Occurrences passed while nobody could run them. */
struct runs_missed {
    /// Of a job that was removed, only the name.
    const carillon::job& first;
    instant from;
    instant to;
    std::int64_t count = 1;
    carillon::reason reason;
    /// What the store said, where it is the reason.
    error_code error{};
};

/** The wall clock was set while the runner waited. */
struct clock_changed {
    /// Forward is positive.
    microseconds by{0};
};

/** Connecting to an origin failed several times in a row, or works again. While its circuit is
 * open, one attempt probes it and the others wait. */
struct circuit_change {
    /// Scheme, host and port. ` through ` and the socket or proxy follow where one leads there.
    std::string origin{};
    bool is_open = false;
    /// In a row.
    int failures = 0;
    /// Why the last attempt failed, in words.
    std::string last_error{};
    /// Until one attempt is let through.
    microseconds wait{0};
};

/** A job's endpoint has answered 202: from now on it is asked for the result. */
struct polling_began {
    const run_record& run;
    const carillon::job& job;
    /// Secret parts are not shown.
    std::string url{};
    microseconds every{0};
};

/** Several runs of a chain in a row were skipped, since an earlier one is still running. Raised at
 * three, and again each time that their number has doubled. */
struct overlap_persists {
    const carillon::job& first;
    int in_a_row = 0;
};

/** The store refuses a write, or does not answer (@ref errc::store_stalled). Raised again when the
 * kind changes. Writes that can wait are tried again. What is due meanwhile follows @ref
 * runner_options::on_store_error. */
struct store_failed {
    error_code error;
};

/** The store takes writes again, and has taken those that waited. */
struct store_recovered {
    /// How long it did not.
    microseconds after{0};
};

/** The progress of a job could not be stored. After a crash now, the job would be sent once more.
 */
struct progress_failed {
    const run_record& run;
    const carillon::job& job;
    error_code error;
};

/** A run's end could not be recorded, and is not tried again: too many records wait, or carillon
 * ends. */
struct record_failed {
    const run_record& run;
    error_code error;
};

/** The store has been read: schedules fire from now on. */
struct firing_began {};

/** What the runner tells of. */
using event = std::variant<
    firing_began,
    run_started,
    job_started,
    attempt_failed,
    job_ended,
    run_ended,
    run_skipped,
    runs_missed,
    clock_changed,
    circuit_change,
    polling_began,
    overlap_persists,
    store_failed,
    store_recovered,
    progress_failed,
    record_failed>;

/** Is called on the runner's executor and must not throw. */
using event_handler = std::function<void(const event&)>;

/** Makes a visitor of lambdas: `std::visit(overloaded{[](const run_ended& e) {...}, [](const auto&)
 * {}}, ev)`. */
template <class... Fs>
struct overloaded : Fs... {
    using Fs::operator()...;
};

/** Takes the lambdas' types from the lambdas. */
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

} // namespace carillon
