#pragma once

#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>
#include <carillon/runner/event.hpp>

#include <optional>

namespace carillon::detail {

/** An event that outlives the call in which it was raised, with copies of what it refers to. Made
 * by @ref listeners for those that must wait. */
class kept_event {
public:
    explicit kept_event(const event& e);
    kept_event(const kept_event&) = delete;
    kept_event& operator=(const kept_event&) = delete;

    const event& get() const noexcept { return *event_; }

private:
    struct copier;

    std::optional<run_record> run_;
    std::optional<job> job_;
    std::optional<attempt_record> attempt_;
    std::optional<job_record> record_;
    std::optional<event> event_; // refers to the others
};

} // namespace carillon::detail
