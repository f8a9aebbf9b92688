#pragma once

#include <optional>
#include <string_view>

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
    /// A crash interrupted it.
    interrupted,
};

/** The outcome's name: `timed_out`. */
std::string_view to_string(outcome o) noexcept;

/** The outcome of this name, or nothing. */
std::optional<outcome> outcome_from(std::string_view name) noexcept;

/** The part of an exchange in which an attempt ended. */
enum class phase { resolve, connect, handshake, send, first_byte, body };

/** The phase's name: `first_byte`. */
std::string_view to_string(phase p) noexcept;

/** The phase of this name, or nothing. */
std::optional<phase> phase_from(std::string_view name) noexcept;

/** Why a run exists. */
enum class run_trigger { schedule, catch_up, manual, retry };

/** The trigger's name: `catch_up`. */
std::string_view to_string(run_trigger t) noexcept;

/** The trigger of this name, or nothing. */
std::optional<run_trigger> run_trigger_from(std::string_view name) noexcept;

/** Why an occurrence or a job was not sent. */
enum class reason {
    /// A newer occurrence stands for it.
    coalesced,
    /// Longer ago than the job catches up with.
    window,
    /// The backlog was longer than the job catches up with.
    limit,
    /// The run before is still running.
    overlap,
    /// carillon is stopping.
    shutdown,
    /// The claim could not be stored.
    store,
    /// The job, or its schedule, was removed.
    removed,
    /// A parent's outcome does not meet the job's `after`.
    condition,
    /// The job is disabled.
    disabled,
    /// A crash interrupted the run, and it is not sent again.
    crash,
};

/** The reason's name: `coalesced`. */
std::string_view to_string(reason r) noexcept;

/** The reason of this name, or nothing. */
std::optional<reason> reason_from(std::string_view name) noexcept;

} // namespace carillon
