#include "runner/core/claimed_run.hpp"

#include "runner/plan/catch_up.hpp"

#include <utility>

namespace carillon::detail {

returned_claim return_of(const queued_run& run, returned_claim::kind what)
{
    return {
        .chain = run.first().name,
        .scheduled_at = run.run.due.scheduled_at,
        .run = run.run.id,
        .what = what};
}

returned_claim return_of(const open_run& run)
{
    using kind = returned_claim::kind;
    return {
        .chain = run.run.chain,
        .scheduled_at = run.run.scheduled_at,
        .run = run.run.id,
        .what = run.may_have_begun ? kind::begun : kind::unbegun};
}

missed_record missed_once(std::string chain, instant at, reason why)
{
    return {.chain = std::move(chain), .from = at, .to = at, .count = 1, .reason = why};
}

bool is_past(const schedule& s, due_run& run, instant now)
{
    if (run.caught_up || is_late(s, run.due, now)) return false;
    run.caught_up = true;
    return s.catch_up == catch_up_policy::none || now - run.scheduled_at > s.catch_up_window;
}

} // namespace carillon::detail
