#include "text/dst_change.hpp"

#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zoned_pattern.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace carillon::app {
namespace {

/** Local times that a change leaves out, a gap, or repeats, a fold. */
struct change {
    instant at{};
    local_instant begin{};
    local_instant end{};
    bool is_gap = false;
};

std::optional<change> next_change(const time_zone& zone, instant now)
{
    const auto periods = zone.periods();
    const std::size_t current = zone.period_at(now);
    if (current + 1 == periods.size()) return std::nullopt;
    const zone_period& next = periods[current + 1];
    const auto shown_at = [&](std::chrono::seconds offset) {
        return local_instant{(next.begin + offset).time_since_epoch()};
    };
    const local_instant before = shown_at(periods[current].offset);
    const local_instant after = shown_at(next.offset);
    return change{next.begin, std::min(before, after), std::max(before, after), after > before};
}

/** `02:30`, with seconds where there are some. */
std::string clock_text(local_instant t)
{
    const std::string text = format_utc_short(instant{t.time_since_epoch()});
    const std::string clock = text.substr(11, text.size() - 12);
    return clock.ends_with(":00") ? clock.substr(0, 5) : clock;
}

std::string date_text(local_instant t)
{
    return format_utc_short(instant{t.time_since_epoch()}).substr(0, 10);
}

/** The due local times in [begin, end). */
struct named_times {
    std::int64_t count = 0;
    local_instant first{};
    local_instant last{};
};

named_times times_in(const schedule& s, const change& c)
{
    const time_zone utc; // local times as they are written
    const zoned_pattern written(
        *s.expression->pattern, utc, dst_policy::run, s.nth.value_or(every_nth{}));
    const instant begin{c.begin.time_since_epoch()};
    const instant end{c.end.time_since_epoch()};
    named_times out{.count = written.count(begin, end - one_tick)};
    if (out.count == 0) return out;
    out.first = local_instant{written.next_after(begin - one_tick)->time_since_epoch()};
    out.last = local_instant{written.last_until(end - one_tick)->time_since_epoch()};
    return out;
}

std::string times_text(const named_times& t)
{
    if (t.count == 1) return clock_text(t.first);
    if (t.count == 2) return clock_text(t.first) + " and " + clock_text(t.last);
    return fmt::format("{} times from {} to {}", t.count, clock_text(t.first), clock_text(t.last));
}

std::string fate_in_gap(const schedule& s, const change& c, const named_times& t)
{
    const bool is_swallowed = c.end - c.begin >= std::chrono::hours{24};
    if (!is_fixed_time(s) || is_swallowed || s.dst == dst_policy::skip)
        return t.count == 1 ? "is left out" : "are left out";
    if (s.dst != dst_policy::shift) return fmt::format("runs at {} instead", clock_text(c.end));
    if (t.count > 1) return fmt::format("runs {} later", format_span(c.end - c.begin));
    return fmt::format("runs at {} instead", clock_text(t.first + (c.end - c.begin)));
}

std::string fate_in_fold(const schedule& s)
{
    const bool is_repeated =
        is_fixed_time(s) ? s.dst == dst_policy::both : s.dst != dst_policy::skip;
    return is_repeated ? "runs both times" : "runs the first time only";
}

/** Whether nothing fires around the change anyway. */
bool is_excluded(const schedule& s, instant change)
{
    return std::any_of(s.exclude.begin(), s.exclude.end(), [&](const exclusion& e) {
        const auto window = e.window_after(change);
        return window && window->begin <= change;
    });
}

} // namespace

std::string describe_next_change(const schedule& s, instant now)
{
    if (!s.expression) return {};
    const auto c = next_change(s.expression->zone, now);
    if (!c || (s.start && c->at < *s.start) || (s.end && c->at >= *s.end)) return {};
    if (is_excluded(s, c->at)) return {};
    const named_times t = times_in(s, *c);
    if (t.count == 0) return {};
    const bool is_one = t.count == 1;
    const std::string what = c->is_gap ? (is_one ? "does not exist" : "do not exist")
                                       : (is_one ? "comes twice" : "come twice");
    return fmt::format(
        "on {} {} {}: {}", date_text(t.first), times_text(t), what,
        c->is_gap ? fate_in_gap(s, *c, t) : fate_in_fold(s));
}

} // namespace carillon::app
