#include "text/busiest_second.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace carillon::app {
namespace {

constexpr std::size_t seconds_of_a_day = 86'400;
constexpr std::int64_t most_instants = 10'000'000;
constexpr std::size_t shown_jobs = 3;

/** The due times of a job from `from` up to, not with, `to`, as of a daemon that starts at `from`.
 */
template <class F>
void for_each_due(const job& j, const time_origins& origins, instant from, instant to, F f)
{
    const auto& s = std::get<schedule>(j.trigger);
    const occurrences instants(s, make_grid(s, origins));
    // An instant is due before the next one is. So of those that have passed only the latest may
    // still be due.
    auto t = instants.last_until(from);
    if (!t) t = instants.next_after(from);
    while (t && *t < to) {
        const auto following = instants.next_after(*t);
        const instant due = *t + jitter_of(j.name, s.jitter, *t, following);
        if (due >= from && due < to) f(due);
        t = following;
    }
}

bool is_due_by_itself(const job& j)
{
    return j.enabled && std::holds_alternative<schedule>(j.trigger);
}

/** Jobs that are due at the same times. */
struct alike {
    const job* one = nullptr;
    int count = 0;
};

/** In the order of their first; with jitter each job has times of its own. */
std::vector<alike> grouped(const job_set& jobs)
{
    std::vector<alike> out;
    std::unordered_map<std::uint64_t, std::size_t> places;
    for (const job& j : jobs.jobs()) {
        if (!is_due_by_itself(j)) continue;
        const auto& s = std::get<schedule>(j.trigger);
        if (s.jitter > microseconds{0}) {
            out.push_back({&j, 1});
            continue;
        }
        const auto [at, is_new] = places.emplace(identity_of_instants(s), out.size());
        if (is_new) out.push_back({&j, 0});
        ++out[at->second].count;
    }
    return out;
}

} // namespace

std::optional<crowded_second>
busiest_second(const job_set& jobs, const time_origins& origins, instant now)
{
    const instant from = std::chrono::ceil<std::chrono::seconds>(now);
    const instant to = from + std::chrono::seconds{seconds_of_a_day};
    std::vector<int> runs(seconds_of_a_day, 0);
    std::int64_t left = most_instants;
    crowded_second out;
    for (const alike& a : grouped(jobs)) {
        const auto& s = std::get<schedule>(a.one->trigger);
        left -= occurrences(s, make_grid(s, origins)).count(from, to);
        if (left < 0) {
            out.is_estimate = true;
            break;
        }
        for_each_due(*a.one, origins, from, to, [&](instant due) {
            runs[static_cast<std::size_t>((due - from) / std::chrono::seconds{1})] += a.count;
        });
    }
    const auto most = std::max_element(runs.begin(), runs.end());
    if (*most < 2) return std::nullopt;
    out.begin = from + std::chrono::seconds{most - runs.begin()};
    out.runs = *most;
    for (const job& j : jobs.jobs()) {
        if (out.jobs.size() == shown_jobs) break;
        if (!is_due_by_itself(j)) continue;
        bool is_due = false;
        for_each_due(j, origins, out.begin, out.begin + std::chrono::seconds{1}, [&](instant) {
            is_due = true;
        });
        if (is_due) out.jobs.push_back(j.name);
    }
    return out;
}

std::string in_english(const crowded_second& s)
{
    std::string out = fmt::format(
        "{}: {}{} runs are due, of ", format_local(s.begin), s.is_estimate ? "at least " : "",
        s.runs);
    for (std::size_t i = 0; i < s.jobs.size(); ++i) out += (i > 0 ? ", " : "") + s.jobs[i];
    const bool has_others = s.jobs.size() == shown_jobs && s.runs > static_cast<int>(shown_jobs);
    return out + (has_others ? " and others" : "");
}

} // namespace carillon::app
