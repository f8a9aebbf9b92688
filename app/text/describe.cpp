#include "text/describe.hpp"

#include "text/busiest_second.hpp"
#include "text/describe_schedule.hpp"
#include "text/dst_change.hpp"
#include "text/planned_instant.hpp"
#include "text/text_table.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/time/span.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace json = boost::json;

namespace carillon::app {
namespace {

constexpr std::size_t shown_instants = 3;

/** The first instants of a daemon that starts now; the first of them may have passed and is then
 * due at once. */
std::vector<planned_instant> next_instants(const job& j, const time_source& time, std::size_t count)
{
    std::vector<planned_instant> out;
    const auto* s = std::get_if<schedule>(&j.trigger);
    if (s == nullptr || !j.enabled) return out;
    const instant now = time.now();
    const occurrences instants(*s, make_grid(*s, {.boot = time.boot_time(), .start = now}));
    auto next = instants.first_due(now);
    while (next && out.size() < count) {
        out.push_back(planned(j, instants, *next));
        next = instants.next_after(std::max(*next, now));
    }
    return out;
}

/** `at once, then 2026-...`, or `2026-... (in 5min), 2026-...`. */
std::string describe_instants(const std::vector<planned_instant>& instants, instant now)
{
    std::string out;
    for (const planned_instant& p : instants) {
        const bool is_first = out.empty();
        if (is_first && p.due() <= now) {
            out = "at once";
            continue;
        }
        out += is_first ? "" : out == "at once" ? ", then " : ", ";
        out += in_words(p);
        if (is_first)
            out += fmt::format(
                " (in {})", format_span(std::chrono::ceil<std::chrono::seconds>(p.due() - now)));
    }
    return out;
}

/** `a, then b, then c`; empty where nothing follows `first`, or it is not the first of its chain.
 */
std::string describe_chain(const job_set& jobs, job_index first)
{
    if (jobs.chain_of(first) != first || jobs.children(first).empty()) return {};
    std::string out;
    for (const job_index i : jobs.chain_from(first))
        out += (out.empty() ? "" : ", then ") + jobs[i].name;
    return out;
}

std::string describe_trigger(const job& j)
{
    if (const auto* s = std::get_if<schedule>(&j.trigger)) return in_english(*s);
    const auto* parents = std::get_if<after>(&j.trigger);
    if (parents == nullptr) return "only when asked";
    std::string out;
    for (const parent& p : *parents) {
        static constexpr const char* words[] = {"succeeded", "finished", "failed"};
        out += fmt::format(
            "{}after {} has {}", out.empty() ? "" : " and ", p.job,
            words[static_cast<int>(p.when)]);
    }
    return out;
}

/** Of a daemon that starts now. */
std::optional<crowded_second> busiest(const job_set& jobs, const time_source& time)
{
    const instant now = time.now();
    return busiest_second(jobs, {.boot = time.boot_time(), .start = now}, now);
}

json::value text_or_null(const std::string& text)
{
    return text.empty() ? json::value() : json::value(text);
}

json::object as_json(const crowded_second& s)
{
    return {
        {"at", format_utc(s.begin)},
        {"runs", s.runs},
        {"is_estimate", s.is_estimate},
        {"jobs", json::array(s.jobs.begin(), s.jobs.end())}};
}

} // namespace

void add_next(const planned_instant& next, json::object& to)
{
    to["next"] = format_utc(next.at);
    if (next.delay > microseconds{0}) to["due"] = format_utc(next.due());
}

std::string count_of_jobs(std::size_t n) { return fmt::format("{} job{}", n, n == 1 ? "" : "s"); }

std::string no_such_job(const job_set& jobs, std::string_view name)
{
    detail::nearest nearest(name);
    for (const job& j : jobs.jobs()) nearest.consider(j.name);
    return fmt::format("there is no job '{}'{}", name, nearest.suggestion());
}

json::object job_as_json(const job_set& jobs, job_index i)
{
    const job& j = jobs[i];
    json::object o;
    o["job"] = j.name;
    o["title"] = title_of(j);
    o["chain"] = jobs[jobs.chain_of(i)].name;
    o["enabled"] = j.enabled;
    o["paused"] = false;
    o["schedule"] = describe_trigger(j);
    o["next"] = nullptr;
    o["running"] = 0;
    o["last"] = nullptr;
    return o;
}

std::string describe_jobs(const job_set& jobs, const time_source& time, const screen& to)
{
    std::string out;
    const auto line = [&](const char* what, const std::string& text) {
        if (!text.empty())
            out += labelled(fmt::format("  {:<9} ", what), jobs.secrets().hide(text), to);
    };
    for (job_index i = 0; i < jobs.size(); ++i) {
        const job& j = jobs[i];
        out += fmt::format("{}{}\n", j.name, j.enabled ? "" : " (disabled)");
        if (title_of(j) != j.name) line("title", title_of(j));
        line("request", fmt::format("{} {}", j.method, shown_url(j.url)));
        line("runs", describe_trigger(j));
        if (const auto* s = std::get_if<schedule>(&j.trigger))
            line("dst", describe_next_change(*s, time.now()));
        line("chain", describe_chain(jobs, i));
        line("next", describe_instants(next_instants(j, time, shown_instants), time.now()));
    }
    if (const auto second = busiest(jobs, time))
        out += "\n" + labelled("busiest second of the coming day: ", in_english(*second), to);
    return jobs.secrets().hide(out);
}

std::string jobs_as_json(const job_set& jobs, const time_source& time)
{
    json::array list;
    for (job_index i = 0; i < jobs.size(); ++i) {
        json::object o = job_as_json(jobs, i);
        const auto next = next_instants(jobs[i], time, 1);
        if (!next.empty()) add_next(next.front(), o);
        if (const auto* s = std::get_if<schedule>(&jobs[i].trigger))
            o["dst"] = text_or_null(describe_next_change(*s, time.now()));
        else
            o["dst"] = nullptr;
        list.push_back(std::move(o));
    }
    json::object out{{"jobs", std::move(list)}, {"busiest_second", nullptr}};
    if (const auto second = busiest(jobs, time)) out["busiest_second"] = as_json(*second);
    return jobs.secrets().hide(json::serialize(out));
}

} // namespace carillon::app
