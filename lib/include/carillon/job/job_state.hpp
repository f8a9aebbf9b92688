#pragma once

#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/** How a job is, in one word. Of those that fit a job has the first, in this order. */
enum class job_state {
    /// The configuration switches it off.
    disabled,
    /// Its schedule is stopped until somebody lets it go on.
    paused,
    /// It did not complete when it was sent last.
    failing,
    /// Of its last due instants some came to no run.
    losing,
    /// It began later than its accuracy and a minute allow.
    late,
    /// It has not been sent.
    untried,
    ok,
};

/** The state's name: `losing`; of one that is untried: `new`. */
std::string_view to_string(job_state s) noexcept;

/// So many of the last instants of a job are looked at.
inline constexpr std::int64_t watched_instants = 10;

/// A run may begin so much later than its accuracy allows.
inline constexpr microseconds lateness_allowed = std::chrono::minutes{1};

/** What is known of a job when somebody asks how it is. */
struct job_facts {
    bool is_enabled = true;
    bool is_paused = false;

    /** How it ended when it was sent last: where it was skipped, nothing is known by that. */
    struct end {
        carillon::outcome outcome = carillon::outcome::completed;
        /// What went wrong, or what the reply says; may be empty.
        std::string message{};
    };
    std::optional<end> last_end{};

    /// Of its last @ref watched_instants: those that came to no run.
    std::int64_t lost = 0;
    /// Why the newest of them did not.
    std::optional<reason> lost_by{};

    /// How much later than its instant its last run by schedule began.
    microseconds lateness{0};
    /// Its schedule's.
    microseconds accuracy{0};
};

/** A job's state, and one sentence on why, which begins small and has no full stop. */
struct job_condition {
    job_state state = job_state::ok;
    std::string why;

    friend bool operator==(const job_condition&, const job_condition&) = default;
};

/** The state that follows from what is known. Pure. */
job_condition condition_of(const job_facts& f);

} // namespace carillon
