#include "runner/plan/due_time.hpp"

namespace carillon::detail {

instant saturated_add(instant a, microseconds b)
{
    return b > instant::max() - a ? instant::max() : a + b;
}

instant due_time(const job& j, const grid& ticks, instant at)
{
    const schedule& s = schedule_of(j);
    if (s.jitter == microseconds{0}) return at;
    const auto following = occurrences(s, ticks).next_after(at);
    return saturated_add(at, jitter_of(j.name, s.jitter, at, following));
}

} // namespace carillon::detail
