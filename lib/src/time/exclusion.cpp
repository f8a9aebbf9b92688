#include <carillon/time/calendar.hpp>
#include <carillon/time/exclusion.hpp>

#include <algorithm>

namespace carillon {
namespace {

/** The beginning of the unit that holds `t`. */
local_instant unit_of(local_instant t, microseconds unit) noexcept
{
    const microseconds since = t - begin_of_dates;
    const microseconds rest = since % unit;
    return t - (rest < microseconds{0} ? rest + unit : rest);
}

/** The largest unit that the meaning excludes as a whole: `08:*` is an hour, `*:*` a day. */
microseconds unit_of(const calendar_meaning& m) noexcept
{
    const clock_pattern& clock = m.pattern.clock;
    if (m.smallest == calendar_meaning::precision::day) return std::chrono::hours{24};
    const bool has_all_seconds = m.smallest == calendar_meaning::precision::minute ||
                                 clock.seconds == (std::uint64_t{1} << 60) - 1;
    if (!has_all_seconds) return std::chrono::seconds{1};
    if (clock.minutes != (std::uint64_t{1} << 60) - 1) return std::chrono::minutes{1};
    if (clock.hours != (std::uint32_t{1} << 24) - 1) return std::chrono::hours{1};
    return std::chrono::hours{24};
}

} // namespace

std::optional<time_window> exclusion::window_after(instant t) const noexcept
{
    t = std::max(t, instant{begin_of_dates.time_since_epoch()} - std::chrono::hours{48});
    const auto periods = zone.periods();
    std::size_t i = zone.period_at(t);
    for (;;) {
        const auto offset = periods[i].offset;
        const bool is_last = i + 1 == periods.size();
        const instant end = is_last ? instant::max() : periods[i + 1].begin;
        const instant from = std::max(t, periods[i].begin);
        // A unit is excluded as a whole, including its part before the written time.
        const local_instant asked = unit_of(local_instant{from.time_since_epoch() + offset}, unit);
        const auto found = pattern->first_from(asked);
        const instant begin =
            found ? instant{unit_of(*found, unit).time_since_epoch() - offset} : instant::max();
        if (begin < end)
            return time_window{std::max(begin, periods[i].begin), std::min(begin + unit, end)};
        if (is_last) return std::nullopt;
        // Only a fold brings back what lies before the time that was asked for.
        ++i;
        if (end.time_since_epoch() + periods[i].offset < asked.time_since_epoch()) continue;
        if (!found) return std::nullopt;
        i = std::max(i, zone.period_at(begin - std::chrono::hours{48}));
    }
}

bool operator==(const exclusion& a, const exclusion& b) noexcept
{
    return a.text == b.text && a.zone == b.zone;
}

parse_result<exclusion> parse_exclusion(std::string_view text, const time_zone& zone)
{
    auto meaning = parse_calendar(text);
    if (!meaning) return meaning.error();
    if (meaning->moment)
        return parse_error{
            0, "a date or a calendar expression is wanted here, such as 2026-12-24 or Sat,Sun"};
    exclusion out{
        .text = std::string(text),
        .pattern = std::make_shared<const local_pattern>(std::move(meaning->pattern)),
        .unit = unit_of(*meaning),
        .zone = zone};
    if (meaning->zone.empty()) return out;
    auto own = time_zone::load(meaning->zone);
    if (!own) return parse_error{text.rfind(meaning->zone), own.error().what};
    out.zone = std::move(*own);
    return out;
}

} // namespace carillon
