#include "describe.hpp"

#include <carillon/job/endpoint.hpp>
#include <carillon/time/span.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace json = boost::json;

namespace carillon::app {
namespace {

/** The next instant as a daemon that starts now would have it. */
std::optional<instant> next_instant(const job& j, const time_source& time)
{
    const auto* s = std::get_if<schedule>(&j.trigger);
    if (s == nullptr || !j.enabled) return std::nullopt;
    return next_after(make_grid(*s, {.boot = time.boot_time(), .start = time.now()}), time.now());
}

std::string describe_trigger(const job& j)
{
    if (const auto* s = std::get_if<schedule>(&j.trigger)) return describe(*s);
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

} // namespace

std::string describe(const schedule& s)
{
    std::string out;
    if (s.on_boot) out = format_span(*s.on_boot) + " after boot";
    if (s.on_start) out = format_span(*s.on_start) + " after start";
    if (s.every) out += (out.empty() ? "every " : ", then every ") + format_span(*s.every);
    if (s.accuracy > microseconds{0}) out += " (within " + format_span(s.accuracy) + ")";
    return out;
}

std::string describe_jobs(const job_set& jobs, const time_source& time)
{
    std::string out;
    for (const job& j : jobs.jobs()) {
        out += fmt::format("{}{}\n", j.name, j.enabled ? "" : " (disabled)");
        if (title_of(j) != j.name) out += fmt::format("  title     {}\n", title_of(j));
        out += fmt::format(
            "  request   {} {}\n  runs      {}\n", j.method, shown_url(j.url), describe_trigger(j));
        if (const auto next = next_instant(j, time))
            out += fmt::format(
                "  next      {} (in {})\n", format_local(*next),
                format_span(std::chrono::ceil<std::chrono::seconds>(*next - time.now())));
    }
    return jobs.secrets().hide(out);
}

std::string jobs_as_json(const job_set& jobs, const time_source& time)
{
    json::array list;
    for (job_index i = 0; i < jobs.size(); ++i) {
        const job& j = jobs[i];
        const auto next = next_instant(j, time);
        json::object o;
        o["job"] = j.name;
        o["title"] = title_of(j);
        o["chain"] = jobs[jobs.chain_of(i)].name;
        o["enabled"] = j.enabled;
        o["paused"] = false;
        o["schedule"] = describe_trigger(j);
        o["next"] = next ? json::value(format_utc(*next)) : json::value(nullptr);
        o["running"] = 0;
        o["last"] = nullptr;
        list.push_back(std::move(o));
    }
    return jobs.secrets().hide(json::serialize(json::object{{"jobs", std::move(list)}}));
}

} // namespace carillon::app
