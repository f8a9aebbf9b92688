#include "commands/job_facts.hpp"

#include "text/run_words.hpp"

#include <algorithm>
#include <optional>
#include <variant>

namespace carillon::app {
namespace {

std::optional<job_facts::end> last_end_in(const std::vector<shared_run>& runs, const job& j)
{
    for (const shared_run& r : runs) {
        const outcome o = end_of(*r, j.name).outcome;
        if (o == outcome::skipped) continue;
        const job_record* const record = find_job(*r, j.name);
        const bool has_own = record != nullptr && record->outcome;
        return job_facts::end{o, has_own ? describe_end(*record) : describe_end(*r)};
    }
    return std::nullopt;
}

/** Looks at due instants, the newest first. */
class instant_counter {
public:
    explicit instant_counter(job_facts& to) : to_(to) {}

    void add(const missed_record& m) { add(m.count, m.reason); }

    void add(const run_record& r)
    {
        // By hand, or again: no instant of the schedule.
        if (!is_by_schedule(r)) return;
        const bool was_skipped = r.outcome == outcome::skipped;
        add(1, was_skipped ? std::optional(r.reason.value_or(reason::overlap)) : std::nullopt);
        if (was_skipped || has_start_) return;
        to_.lateness = r.lateness;
        has_start_ = true;
    }

private:
    void add(std::int64_t count, std::optional<reason> why_lost)
    {
        const std::int64_t counted = std::min(count, watched_instants - to_.instants);
        if (counted <= 0) return;
        to_.instants += counted;
        if (!why_lost) return;
        to_.lost += counted;
        if (!to_.why_lost) to_.why_lost = why_lost;
    }

    job_facts& to_;
    bool has_start_ = false;
};

} // namespace

bool is_by_schedule(const run_record& r)
{
    return r.trigger == run_trigger::schedule || r.trigger == run_trigger::catch_up;
}

job_end end_of(const run_record& run, std::string_view job)
{
    const instant at = run.ended_at.value_or(run.started_at);
    const job_record* const j = find_job(run, job);
    if (j == nullptr || !j->outcome) return {*run.outcome, at, microseconds{0}};
    const bool was_sent = !j->attempts.empty();
    return {
        *j->outcome, was_sent ? j->attempts.back().started_at + j->attempts.back().latency : at,
        length_of(*j)};
}

job_facts facts_of(const job& j, bool is_paused, const job_history& known)
{
    job_facts out{.is_enabled = j.enabled, .is_paused = is_paused};
    out.last_end = last_end_in(known.recent, j);
    if (!out.last_end && !known.recent.empty()) out.last_end = last_end_in(known.all(), j);
    const auto* const by = std::get_if<schedule>(&j.trigger);
    if (by == nullptr) return out;
    out.accuracy = by->accuracy;
    instant_counter counter(out);
    for (const history_entry& e : known.own)
        std::visit([&](const auto& what) { counter.add(what); }, e.what);
    return out;
}

} // namespace carillon::app
