#include "brute_force.hpp"

#include "written_times.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

namespace carillon::test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_time;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

using local_instant = local_time<microseconds>;

/** `TZ` is this zone while the object lives. */
class scoped_tz {
public:
    explicit scoped_tz(const std::string& zone)
    {
        if (const char* tz = std::getenv("TZ")) before_ = tz;
        ::setenv("TZ", (":" + zone).c_str(), 1);
        ::tzset();
    }
    scoped_tz(const scoped_tz&) = delete;
    scoped_tz& operator=(const scoped_tz&) = delete;
    ~scoped_tz()
    {
        if (before_)
            ::setenv("TZ", before_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }

private:
    std::optional<std::string> before_;
};

/** What local time is ahead of UTC in the zone that is set. */
seconds offset_at(sys_seconds t)
{
    const std::time_t time = t.time_since_epoch().count();
    std::tm tm{};
    ::localtime_r(&time, &tm);
    return seconds{tm.tm_gmtoff};
}

/** From this second on the offset is another. */
struct change {
    sys_seconds at;
    seconds before;
    seconds after;

    /** How much local time is left out, or, below zero, repeated. */
    seconds gap() const { return after - before; }
};

/** The second of a change within the minute that ends at `end`. */
sys_seconds find_change(sys_seconds end)
{
    sys_seconds old = end - minutes{1};
    sys_seconds changed = end;
    const seconds before = offset_at(old);
    while (changed - old > seconds{1}) {
        const sys_seconds middle = old + (changed - old) / 2;
        (offset_at(middle) == before ? old : changed) = middle;
    }
    return changed;
}

/** The changes in [from, to), both whole minutes, minute by minute. */
std::vector<change> walk(const std::string& zone, sys_seconds from, sys_seconds to)
{
    const scoped_tz tz{zone};
    std::vector<change> changes;
    // A change at `from` itself shows only against the second before.
    seconds before = offset_at(from - seconds{1});
    if (before != offset_at(from)) changes.push_back({from, before, offset_at(from)});
    before = offset_at(from);
    for (sys_seconds end = from + minutes{1}; end <= to; end += minutes{1}) {
        const seconds after = offset_at(end);
        if (before != after && find_change(end) < to)
            changes.push_back({find_change(end), before, after});
        before = after;
    }
    return changes;
}

const std::vector<change>& changes_of_year(const std::string& zone, std::chrono::year year)
{
    static std::map<std::pair<std::string, int>, std::vector<change>> known;
    const auto [entry, is_new] = known.try_emplace({zone, static_cast<int>(year)});
    if (is_new) {
        entry->second =
            walk(zone, sys_days{year / 1 / 1}, sys_days{(year + std::chrono::years{1}) / 1 / 1});
    }
    return entry->second;
}

std::chrono::year year_of(sys_seconds t)
{
    return std::chrono::year_month_day{std::chrono::floor<days>(t)}.year();
}

/** The changes in [from, to). */
std::vector<change> find_changes(const std::string& zone, sys_seconds from, sys_seconds to)
{
    std::vector<change> changes;
    for (auto year = year_of(from); year <= year_of(to); ++year) {
        for (const change& c : changes_of_year(zone, year)) {
            if (c.at >= from && c.at < to) changes.push_back(c);
        }
    }
    return changes;
}

/** Calls `f` with each written time in [from, to). */
template <class F>
void for_each_written(const written_times& times, local_instant from, local_instant to, F f)
{
    for (auto day = std::chrono::floor<days>(from); day < to; day += days{1}) {
        if (!times.fits_date(std::chrono::year_month_day{day})) continue;
        for (minutes minute{0}; minute < days{1}; minute += minutes{1}) {
            if (!times.hours[static_cast<std::size_t>(minute / hours{1})]) continue;
            if (!times.minutes[static_cast<std::size_t>(minute % hours{1} / minutes{1})]) continue;
            for (const microseconds second : times.seconds) {
                const local_instant written = day + minute + second;
                if (written >= from && written < to) f(written);
            }
        }
    }
}

/** Some time with one offset: [from, to). */
struct stretch {
    sys_seconds from;
    sys_seconds to;
    seconds offset;
};

std::vector<stretch> stretches_between(
    const std::string& zone, const std::vector<change>& changes, sys_seconds from, sys_seconds to)
{
    const scoped_tz tz{zone};
    std::vector<stretch> stretches{{from, to, offset_at(from)}};
    for (const change& c : changes) {
        if (c.at == from) continue;
        stretches.back().to = c.at;
        stretches.push_back({c.at, to, c.after});
    }
    return stretches;
}

local_instant to_local(instant t, seconds offset)
{
    return local_instant{t.time_since_epoch() + offset};
}

instant to_utc(local_instant t, seconds offset) { return instant{t.time_since_epoch() - offset}; }

/** Whether local time shows at this instant what it has shown before. */
bool is_repeated(instant t, const std::vector<change>& changes)
{
    return std::any_of(changes.begin(), changes.end(), [t](const change& c) {
        return t >= c.at && t < c.at - c.gap();
    });
}

bool fires_in_second_pass(const written_times& times, dst_rule dst)
{
    if (dst == dst_rule::both) return true;
    return times.is_interval && dst != dst_rule::skip;
}

bool fires_for_gap(const written_times& times, dst_rule dst, const change& c)
{
    if (c.gap() >= days{1}) return false; // the day was not on the calendar
    return !times.is_interval && dst != dst_rule::skip;
}

/** The instants of written times that local time shows. */
void add_shown(
    const written_times& times,
    dst_rule dst,
    const stretch& s,
    const std::vector<change>& changes,
    std::set<instant>& instants)
{
    const bool both_passes = fires_in_second_pass(times, dst);
    const local_instant from = to_local(s.from, s.offset);
    for_each_written(times, from, to_local(s.to, s.offset), [&](local_instant written) {
        const instant t = to_utc(written, s.offset);
        if (both_passes || !is_repeated(t, changes)) instants.insert(t);
    });
}

/** The instants of written times that local time leaves out. */
void add_left_out(
    const written_times& times, dst_rule dst, const change& c, std::set<instant>& instants)
{
    if (c.gap() <= seconds{0} || !fires_for_gap(times, dst, c)) return;
    const local_instant from = to_local(c.at, c.before);
    for_each_written(times, from, to_local(c.at, c.after), [&](local_instant written) {
        instants.insert(dst == dst_rule::shift ? to_utc(written, c.before) : instant{c.at});
    });
}

std::vector<instant> within(const std::set<instant>& instants, instant from, instant to)
{
    return {instants.upper_bound(from), instants.upper_bound(to)};
}

/** The instant that `@SECONDS` names, if its local date is one that schedules know. */
std::set<instant> named_instant(instant t, const std::string& zone)
{
    const scoped_tz tz{zone};
    const auto local = to_local(t, offset_at(std::chrono::floor<seconds>(t)));
    const auto year = std::chrono::year_month_day{std::chrono::floor<days>(local)}.year();
    if (year < std::chrono::year{1970} || year > std::chrono::year{2199}) return {};
    return {t};
}

} // namespace

std::vector<instant> brute_force(
    expression_kind kind,
    std::string_view expression,
    const std::string& zone,
    instant from,
    instant to,
    dst_rule dst,
    std::string_view job_name)
{
    const written_times times =
        kind == expression_kind::cron ? read_cron(expression, job_name) : read_calendar(expression);
    if (!is_zone(zone)) throw std::invalid_argument{zone + " is no zone"};
    const std::string& tz = times.zone.empty() ? zone : times.zone;
    if (times.at) return within(named_instant(*times.at, tz), from, to);

    // Two days on either side hold all gaps and folds that reach into the range.
    const instant first =
        std::max(from, instant{sys_days{std::chrono::year{1970} / 1 / 1}} - days{2});
    const instant last = std::min(to, end_of_time + days{2});
    if (first >= last) return {};
    const sys_seconds begin = std::chrono::floor<days>(first) - days{2};
    const sys_seconds end = std::chrono::floor<days>(last) + days{3};
    const std::vector<change> changes = find_changes(tz, begin, end);
    std::set<instant> instants;
    for (const stretch& s : stretches_between(tz, changes, begin, end))
        add_shown(times, dst, s, changes, instants);
    for (const change& c : changes) add_left_out(times, dst, c, instants);
    return within(instants, from, to);
}

} // namespace carillon::test
