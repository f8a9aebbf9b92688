#include <carillon/job/job_state.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

namespace carillon {
namespace {

bool is_well(outcome o) { return o == outcome::completed || o == outcome::skipped; }

/** Why an instant got no run. */
std::string_view in_words(reason r)
{
    switch (r) {
    case reason::coalesced:
        return "a newer run stands for it";
    case reason::window:
        return "it passed, and catch_up does not make up for it";
    case reason::limit:
        return "the backlog was longer than catch_up_limit";
    case reason::overlap:
        return "the previous run was still running";
    case reason::shutdown:
        return "carillon was stopping";
    case reason::store:
        return "the store could not be written";
    case reason::removed:
        return "the job was removed";
    case reason::crash:
        return "carillon crashed";
    case reason::condition:
    case reason::disabled:
        break;
    }
    return to_string(r);
}

std::string describe_end(const job_facts::end& e)
{
    const std::string out = fmt::format("its last run ended as {}", to_string(e.outcome));
    return e.message.empty() ? out : out + ": " + e.message;
}

std::string describe_losses(const job_facts& f)
{
    const std::string out =
        fmt::format("{} of its last {} instants got no run", f.lost, f.instants);
    return f.why_lost ? fmt::format("{}; the newest: {}", out, in_words(*f.why_lost)) : out;
}

} // namespace

std::string_view to_string(job_state s) noexcept
{
    switch (s) {
    case job_state::disabled:
        return "disabled";
    case job_state::paused:
        return "paused";
    case job_state::failing:
        return "failing";
    case job_state::losing:
        return "losing";
    case job_state::late:
        return "late";
    case job_state::untried:
        return "new";
    case job_state::ok:
        break;
    }
    return "ok";
}

explained_state explain_state(const job_facts& f)
{
    if (!f.is_enabled) return {job_state::disabled, "the configuration switches it off"};
    if (f.is_paused) return {job_state::paused, "its schedule is paused"};
    if (f.last_end && !is_well(f.last_end->outcome))
        return {job_state::failing, describe_end(*f.last_end)};
    if (f.lost > 0) return {job_state::losing, describe_losses(f)};
    if (f.lateness > f.accuracy + lateness_allowed)
        return {
            job_state::late, fmt::format("its last run started {} late", format_span(f.lateness))};
    if (!f.last_end) return {job_state::untried, "it has not run"};
    return {job_state::ok, describe_end(*f.last_end)};
}

} // namespace carillon
