#include "runner/services/kept_event.hpp"

#include <variant>

namespace carillon::detail {

struct kept_event::copier {
    kept_event& to;

    event operator()(const run_started& e) const
    {
        return run_started{copy(e.run), copy(e.first), e.is_resumed};
    }

    event operator()(const job_started& e) const { return job_started{copy(e.run), copy(e.job)}; }

    event operator()(const attempt_failed& e) const
    {
        return attempt_failed{copy(e.run), copy(e.job), to.attempt_.emplace(e.attempt), e.wait};
    }

    event operator()(const job_ended& e) const
    {
        return job_ended{copy(e.run), copy(e.job), to.record_.emplace(e.record)};
    }

    event operator()(const run_ended& e) const { return run_ended{copy(e.run), copy(e.first)}; }

    event operator()(const run_skipped& e) const
    {
        return run_skipped{
            .first = copy(e.first),
            .scheduled_at = e.scheduled_at,
            .reason = e.reason,
            .in_a_row = e.in_a_row};
    }

    event operator()(const runs_missed& e) const
    {
        return runs_missed{
            .first = copy(e.first),
            .from = e.from,
            .to = e.to,
            .count = e.count,
            .reason = e.reason,
            .error = e.error};
    }

    event operator()(const polling_began& e) const
    {
        return polling_began{copy(e.run), copy(e.job), e.url, e.every};
    }

    event operator()(const overlap_persists& e) const
    {
        return overlap_persists{copy(e.first), e.in_a_row};
    }

    event operator()(const progress_failed& e) const
    {
        return progress_failed{copy(e.run), copy(e.job), e.error};
    }

    event operator()(const record_failed& e) const { return record_failed{copy(e.run), e.error}; }

    // These own what they tell of.
    event operator()(const firing_began& e) const { return e; }
    event operator()(const clock_changed& e) const { return e; }
    event operator()(const circuit_change& e) const { return e; }
    event operator()(const store_failed& e) const { return e; }
    event operator()(const store_recovered& e) const { return e; }

    const run_record& copy(const run_record& r) const { return to.run_.emplace(r); }
    const job& copy(const job& j) const { return to.job_.emplace(j); }
};

kept_event::kept_event(const event& e) { event_.emplace(std::visit(copier{*this}, e)); }

} // namespace carillon::detail
