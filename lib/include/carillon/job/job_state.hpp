#pragma once

#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/** A job's state, in one word. If several apply, the first in this order counts. */
enum class job_state {
    /// The configuration switches it off.
    disabled,
    /// Its schedule is stopped until somebody resumes it.
    paused,
    /// Its last run did not complete.
    failing,
    /// Some of its last due instants got no run.
    losing,
    /// Its last run by schedule started later than its accuracy and @ref lateness_allowed.
    late,
    /// It has not run.
    untried,
    ok,
};

/** The state's name: `losing`. That of `untried` is `new`. */
std::string_view to_string(job_state s) noexcept;

/// How many of a job's last due instants are examined.
inline constexpr std::int64_t watched_instants = 10;

/// How much later than its accuracy allows a run may start before it counts as late.
inline constexpr microseconds lateness_allowed = std::chrono::minutes{1};

/** What is known of a job when its state is asked for. */
struct job_facts {
    bool is_enabled = true;
    bool is_paused = false;

    /** How a run ended for the job. */
    struct end {
        carillon::outcome outcome = carillon::outcome::completed;
        /// What went wrong, or what the reply says; may be empty.
        std::string message{};
    };
    /// How it ended last. Where it was skipped does not count.
    std::optional<end> last_end{};

    /// How many due instants were examined, at most @ref watched_instants.
    std::int64_t instants = 0;
    /// Those of them that got no run.
    std::int64_t lost = 0;
    /// Why the newest of those got none.
    std::optional<reason> why_lost{};

    /// How much later than its instant its last run by schedule started.
    microseconds lateness{0};
    /// The schedule's.
    microseconds accuracy{0};
};

/** A job's state, and one sentence on why, which starts with a lower-case letter and has no full
 * stop. */
struct explained_state {
    job_state state = job_state::ok;
    std::string why;

    friend bool operator==(const explained_state&, const explained_state&) = default;
};

/** The state that follows from what is known. Pure. */
explained_state explain_state(const job_facts& f);

} // namespace carillon
