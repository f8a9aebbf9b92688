#include "time/kept_count.hpp"
#include "time/raw_instants.hpp"
#include <carillon/time/calendar.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/schedule.hpp>
#include <carillon/time/stable_hash.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace carillon {
namespace {

/// More than the days from 1970 to 2199. Only hours, minutes or seconds that are excluded one by
/// one can be more in a row. Then they may never end.
constexpr int most_windows_in_a_row = 100'000;

expression make_expression(
    expression::grammar written_as, std::string_view text, local_pattern pattern, time_zone zone)
{
    return {
        .written_as = written_as,
        .text = std::string(text),
        .pattern = std::make_shared<const local_pattern>(std::move(pattern)),
        .zone = std::move(zone)};
}

/** Whether neighbouring times of the pattern within a minute, or around its end, are too close. */
bool is_too_dense(const clock_pattern& clock) noexcept
{
    if (clock.fractions.empty()) return false;
    // All hours and minutes: a minute is then like any other.
    clock_pattern every_minute = clock;
    every_minute.hours = 1;
    every_minute.minutes = 3;
    auto t = every_minute.first_from(microseconds{0});
    // Two minutes with a hundred times each show it.
    for (int i = 0; t && i < 1300; ++i) {
        const auto next = every_minute.first_from(*t + one_tick);
        if (next && *next - *t < min_interval) return true;
        t = next;
    }
    return false;
}

} // namespace

bool operator==(const expression& a, const expression& b) noexcept
{
    return a.written_as == b.written_as && a.text == b.text && a.zone == b.zone &&
           (a.pattern == b.pattern || (a.pattern && b.pattern && *a.pattern == *b.pattern));
}

parse_result<schedule>
schedule_from_cron(std::string_view text, const time_zone& zone, std::string_view job_name)
{
    auto meaning = parse_cron(text, job_name);
    if (!meaning) return meaning.error();
    schedule out;
    if (const auto* every = std::get_if<microseconds>(&*meaning))
        out.every = *every;
    else
        out.expression = make_expression(
            expression::grammar::cron, text, std::get<local_pattern>(std::move(*meaning)), zone);
    return out;
}

parse_result<schedule> schedule_from_calendar(std::string_view text, const time_zone& zone)
{
    auto meaning = parse_calendar(text);
    if (!meaning) return meaning.error();
    schedule out;
    time_zone used = zone;
    if (!meaning->zone.empty()) {
        auto own = time_zone::load(meaning->zone);
        if (!own) return parse_error{text.rfind(meaning->zone), own.error().what};
        used = std::move(*own);
    }
    if (meaning->moment)
        out.at.push_back(*meaning->moment);
    else
        out.expression = make_expression(
            expression::grammar::calendar, text, std::move(meaning->pattern), std::move(used));
    return out;
}

bool is_fixed_time(const schedule& s) noexcept
{
    return !s.at.empty() || (s.expression && s.expression->pattern->is_fixed_time);
}

bool has_same_instants(const schedule& a, const schedule& b) noexcept
{
    return a.every == b.every && a.on_boot == b.on_boot && a.on_start == b.on_start &&
           a.expression == b.expression && a.nth == b.nth && a.at == b.at && a.dst == b.dst &&
           a.start == b.start && a.end == b.end && a.exclude == b.exclude;
}

std::uint64_t identity_of_instants(const schedule& s)
{
    std::string text;
    text.reserve(256); // of nearly all: each job's is asked for at each start
    const auto add_number = [&](std::int64_t n) {
        std::array<char, 24> digits{};
        text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), n).ptr);
    };
    const auto count = [](const auto& value) {
        return value ? value->count() : std::int64_t{-1}; // no span is negative
    };
    const auto moment = [](const std::optional<instant>& t) {
        return t ? t->time_since_epoch().count() : std::numeric_limits<std::int64_t>::min();
    };
    for (const std::int64_t n :
         {count(s.every), count(s.on_boot), count(s.on_start), moment(s.start), moment(s.end)}) {
        add_number(n);
        text += ' ';
    }
    add_number(static_cast<int>(s.dst));
    for (const instant t : s.at) {
        text += ' ';
        add_number(moment(t));
    }
    if (const auto& e = s.expression) {
        text += '\n';
        add_number(static_cast<int>(e->written_as));
        text.append(" ").append(e->text).append("\n").append(e->zone.name());
    }
    if (s.nth) {
        text += "\nnth ";
        add_number(s.nth->n);
        text += ' ';
        add_number(s.nth->from.time_since_epoch().count());
    }
    for (const exclusion& e : s.exclude)
        text.append("\n").append(e.text).append("\n").append(e.zone.name());
    return stable_hash({text});
}

bool is_too_dense(const schedule& s) noexcept
{
    if (s.every) return *s.every < min_interval;
    if (s.expression) return is_too_dense(s.expression->pattern->clock);
    return std::adjacent_find(s.at.begin(), s.at.end(), [](instant a, instant b) {
               return b - a < min_interval;
           }) != s.at.end();
}

grid make_grid(const schedule& s, const time_origins& origins)
{
    const microseconds every = s.every.value_or(microseconds{0});
    if (!follows_elapsed_time(s)) return {instant{}, every};

    const instant origin = s.on_boot ? origins.boot : origins.start;
    const microseconds delay = s.on_boot ? *s.on_boot : *s.on_start;
    // No instant lies beyond the end of time, and an addition could overflow there.
    if (delay >= end_of_time - origin) return {end_of_time, every};
    return {std::chrono::ceil<std::chrono::seconds>(origin + delay), every};
}

std::optional<instant> occurrences::next_after(instant t) const noexcept
{
    if (schedule_.start) t = std::max(t, *schedule_.start - one_tick);
    auto found = raw().next_after(t);
    for (int windows = 0; found; ++windows) {
        if (windows == most_windows_in_a_row) return std::nullopt;
        if (schedule_.end && *found >= *schedule_.end) return std::nullopt;
        const auto excluded = window_around(*found);
        if (!excluded) break;
        found = raw().next_after(excluded->end - one_tick);
    }
    return found;
}

std::optional<instant> occurrences::last_until(instant t) const noexcept
{
    if (schedule_.end) t = std::min(t, *schedule_.end - one_tick);
    auto found = raw().last_until(t);
    for (int windows = 0; found; ++windows) {
        if (windows == most_windows_in_a_row) return std::nullopt;
        if (schedule_.start && *found < *schedule_.start) return std::nullopt;
        const auto excluded = window_around(*found);
        if (!excluded) break;
        found = raw().last_until(excluded->begin - one_tick);
    }
    return found;
}

std::int64_t occurrences::count(instant from, instant to) const noexcept
{
    if (schedule_.start) from = std::max(from, *schedule_.start);
    if (schedule_.end) to = std::min(to, *schedule_.end - one_tick);
    if (from > to) return 0;
    return count_kept(schedule_, raw(), from, to);
}

std::optional<instant> occurrences::first_due(instant now) const noexcept
{
    const bool owes =
        follows_elapsed_time(schedule_) && schedule_.catch_up != catch_up_policy::none;
    const auto passed = owes ? last_until(now) : std::nullopt;
    return passed ? passed : next_after(now);
}

detail::raw_instants occurrences::raw() const noexcept { return {schedule_, ticks_}; }

/** The earliest window of excluded time that ends later than `t`. */
std::optional<time_window> occurrences::next_window(instant t) const noexcept
{
    std::optional<time_window> first;
    for (const exclusion& e : schedule_.exclude) {
        const auto window = e.window_after(t);
        if (window && (!first || window->begin < first->begin)) first = window;
    }
    return first;
}

std::optional<time_window> occurrences::window_around(instant t) const noexcept
{
    const auto window = next_window(t);
    return window && window->begin <= t ? window : std::nullopt;
}

microseconds jitter_of(
    std::string_view job_name, microseconds jitter, instant at, std::optional<instant> following)
{
    const microseconds width = following ? std::min(jitter, *following - at) : jitter;
    if (width <= microseconds{0}) return microseconds{0};
    std::array<char, 24> digits{};
    const auto [end, ec] =
        std::to_chars(digits.data(), digits.data() + digits.size(), at.time_since_epoch().count());
    const std::uint64_t hash = stable_hash(
        {job_name, "jitter",
         std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()))});
    __extension__ using wide = unsigned __int128;
    const auto scaled = static_cast<wide>(hash) * static_cast<std::uint64_t>(width.count());
    return microseconds{static_cast<std::int64_t>(scaled >> 64)};
}

} // namespace carillon
