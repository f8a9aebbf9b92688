#include "commands/next.hpp"

#include "base/words.hpp"
#include "text/cron_hint.hpp"
#include "text/planned_instant.hpp"
#include "text/run_words.hpp"
#include "text/text_table.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

namespace json = boost::json;

namespace carillon::app {
namespace {

using found = boost::system::result<coming, bad_text>;

/** Where the question starts, and in which zone it is asked. */
struct reference {
    instant from;
    time_zone zone;
    bool has_zone = false;
};

boost::system::result<reference, bad_text>
read_reference(const next_options& o, const time_zone& own, instant now)
{
    reference out{.from = now, .zone = own};
    if (!o.zone.empty()) {
        auto zone = time_zone::load(o.zone);
        if (!zone) return bad_text{"--tz", o.zone, zone.error()};
        out.zone = std::move(*zone);
        out.has_zone = true;
    }
    if (o.from.empty()) return out;
    const auto from = parse_timestamp(o.from);
    if (!from) return bad_text{"--from", o.from, from.error()};
    out.from = first_instant_of(*from, out.zone);
    return out;
}

/** As of a daemon that starts now: ticks that count from its start count from now. */
coming collect(const schedule& s, const reference& ref, const time_source& time, int count)
{
    const instant now = time.now();
    const occurrences instants(s, make_grid(s, {.boot = time.boot_time(), .start = now}));
    coming out{.zone = ref.has_zone || !s.expression ? ref.zone : s.expression->zone};
    for (auto t = instants.next_after(ref.from); t && count > 0;
         t = instants.next_after(*t), --count)
        out.instants.push_back(*t);
    return out;
}

void add_delays(const job& j, const time_source& time, coming& to)
{
    const auto& s = std::get<schedule>(j.trigger);
    if (s.jitter == microseconds{0}) return;
    const occurrences instants(s, make_grid(s, {.boot = time.boot_time(), .start = time.now()}));
    for (const instant t : to.instants) to.delays.push_back(planned(j, instants, t).delay);
}

/** The expression as a schedule, and what it is called. */
boost::system::result<schedule, bad_text>
read_expression(const next_options& o, const time_zone& zone)
{
    if (!o.cron.empty()) {
        auto s = schedule_from_cron(o.cron, zone);
        if (s && is_too_dense(*s))
            return bad_text{"--cron", o.cron, {0, "must be at least " + format_span(min_interval)}};
        if (s) return std::move(*s);
        return bad_text{"--cron", o.cron, {s.error().offset, s.error().what + cron_hint(o.cron)}};
    }
    if (!o.calendar.empty()) {
        auto s = schedule_from_calendar(o.calendar, zone);
        return s ? boost::system::result<schedule, bad_text>(std::move(*s))
                 : bad_text{"--calendar", o.calendar, s.error()};
    }
    const auto every = parse_span(o.every);
    if (!every) return bad_text{"--every", o.every, every.error()};
    if (*every < min_interval)
        return bad_text{"--every", o.every, {0, "must be at least " + format_span(min_interval)}};
    return schedule{.every = *every};
}

/** `Mon 2026-03-30 09:00:00 +02:00`, with a fraction where there is one. */
std::string local_text(instant t, const time_zone& zone)
{
    static constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed",
                                                         "Thu", "Fri", "Sat"};
    const local_instant local = zone.to_local(t);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::string utc_form = format_utc_short(instant{local.time_since_epoch()});
    const auto offset = std::chrono::duration_cast<std::chrono::minutes>(
                            local.time_since_epoch() - t.time_since_epoch())
                            .count();
    return fmt::format(
        "{} {} {} {}{:02}:{:02}", weekdays[std::chrono::weekday{day}.c_encoding()],
        utc_form.substr(0, 10), utc_form.substr(11, utc_form.size() - 12), offset < 0 ? '-' : '+',
        std::abs(offset) / 60, std::abs(offset) % 60);
}

std::string distance(instant t, instant now)
{
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(t - now);
    return seconds.count() < 0 ? format_span(-seconds) + " ago" : "in " + format_span(seconds);
}

/** `in 5min`, or where jitter delays it `+ 20s: in 5min 20s`. */
std::string distance(instant t, microseconds delay, instant now)
{
    const std::string until = distance(t + delay, now);
    return delay == microseconds{0} ? until : fmt::format("+ {}: {}", format_length(delay), until);
}

} // namespace

found find_next(const next_options& o, const time_source& time)
{
    auto ref = read_reference(o, {}, time.now());
    if (!ref) return ref.error();
    const auto s = read_expression(o, ref->zone);
    if (!s) return s.error();
    coming out = collect(*s, *ref, time, o.count);
    out.name = o.cron + o.calendar + o.every;
    return out;
}

found find_next(const next_options& o, const job_set& jobs, job_index job, const time_source& time)
{
    const carillon::job& first = jobs[jobs.chain_of(job)];
    const auto* s = std::get_if<schedule>(&first.trigger);
    auto ref = read_reference(
        o, s != nullptr && s->expression ? s->expression->zone : time_zone(), time.now());
    if (!ref) return ref.error();
    coming out{.zone = ref->zone};
    if (s != nullptr && first.enabled) {
        out = collect(*s, *ref, time, o.count);
        add_delays(first, time, out);
    }
    out.name = jobs[job].name;
    return out;
}

std::string as_table(const coming& c, instant now, bool utc_only, const screen& to)
{
    if (c.instants.empty()) return "never\n";
    std::vector<text_table::column> columns{{.head = "UTC", .rank = utc_only ? 0 : 2}, {.rank = 1}};
    if (!utc_only) columns.insert(columns.begin(), {.head = "Local time, " + c.zone.name()});
    text_table table(std::move(columns));
    for (std::size_t i = 0; i < c.instants.size(); ++i) {
        const instant t = c.instants[i];
        const microseconds delay = c.delays.empty() ? microseconds{0} : c.delays[i];
        std::vector<styled_text> row{format_utc_short(t), distance(t, delay, now)};
        if (!utc_only) row.insert(row.begin(), local_text(t, c.zone));
        table.add(std::move(row));
    }
    return table.text(to);
}

std::string as_json(const coming& c)
{
    json::array instants;
    for (const instant t : c.instants) instants.emplace_back(format_utc(t));
    json::object out{
        {"name", c.name}, {"timezone", c.zone.name()}, {"instants", std::move(instants)}};
    if (!c.delays.empty()) {
        json::array& due = out["due"].emplace_array();
        for (std::size_t i = 0; i < c.delays.size(); ++i)
            due.emplace_back(format_utc(c.instants[i] + c.delays[i]));
    }
    return json::serialize(out);
}

} // namespace carillon::app
