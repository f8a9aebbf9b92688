#include "text/planned_instant.hpp"

#include "text/run_words.hpp"

#include <variant>

namespace carillon::app {

planned_instant planned(const job& j, const occurrences& instants, instant at)
{
    const auto& s = std::get<schedule>(j.trigger);
    if (s.jitter == microseconds{0}) return {.at = at};
    return {.at = at, .delay = jitter_of(j.name, s.jitter, at, instants.next_after(at))};
}

std::string in_words(const planned_instant& p)
{
    const std::string at = format_local_short(p.at);
    return p.delay == microseconds{0} ? at : at + " + " + format_length(p.delay);
}

} // namespace carillon::app
