#include "commands/status.hpp"

#include "commands/history.hpp"
#include "commands/job_facts.hpp"
#include "text/describe.hpp"
#include "text/planned_instant.hpp"
#include "text/run_words.hpp"
#include "text/sparkline.hpp"
#include "text/text_table.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/job/run_json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

namespace json = boost::json;

namespace carillon::app {
namespace {

constexpr std::size_t recent_runs = 10;

/// Of a chain's newest entries. Where some are of runs by hand, more are looked through.
constexpr auto few_entries = static_cast<std::size_t>(watched_instants);
constexpr std::size_t more_entries = 4 * few_entries;

/// As many as a store keeps of a chain, where it says nothing else.
constexpr std::size_t all_runs = 1000;

/** What the store knows of each chain. */
struct known_chain {
    int running = 0;
    /// Newest first.
    std::vector<shared_run> ended{};
};

using known_chains = std::unordered_map<std::string, known_chain>;

std::vector<std::string> names_of(const job_set& jobs)
{
    std::vector<std::string> out;
    out.reserve(jobs.size());
    for (const job& j : jobs.jobs()) out.push_back(j.name);
    return out;
}

/** Each job may begin a chain: by hand also one in mid-chain. */
known_chains read_chains(store_reader& store, const job_set& jobs)
{
    known_chains out;
    // Open runs are read first, so that a run that ends meanwhile is not overlooked.
    for (auto& [open, is_running] : store.open_runs()) {
        known_chain& chain = out[open.run.chain];
        if (is_running) {
            ++chain.running;
        } else if (open.may_have_begun) {
            mark_interrupted(open.run, open.recovers);
            chain.ended.push_back(std::make_shared<const run_record>(std::move(open.run)));
        }
    }
    const std::vector<std::string> names = names_of(jobs);
    auto latest = store.latest_runs(names, recent_runs);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (latest[i].empty()) continue;
        known_chain& chain = out[names[i]];
        for (run_record& r : latest[i]) {
            const bool is_known =
                std::any_of(chain.ended.begin(), chain.ended.end(), [&](const shared_run& known) {
                    return known->id == r.id;
                });
            if (!is_known) chain.ended.push_back(std::make_shared<const run_record>(std::move(r)));
        }
    }
    return out;
}

/** When a job is due next, as the store remembers it. Nothing if that is of another schedule, or
 * counts from an earlier boot or start. */
std::optional<planned_instant>
remembered_next(const job& j, const job_memory& m, bool has_daemon, const time_source& time)
{
    const auto& s = std::get<schedule>(j.trigger);
    if (!j.enabled || m.paused || m.next == instant::max()) return std::nullopt;
    if (m.schedule != identity_of_instants(s)) return std::nullopt;
    if (!follows_elapsed_time(s)) return planned(j, occurrences(s, make_grid(s, {})), m.next);
    const bool is_over = m.boot != time.boot_id() || (s.on_start && !has_daemon);
    if (is_over) return std::nullopt;
    const grid ticks{m.anchor, s.every.value_or(microseconds{0})};
    return planned(j, occurrences(s, ticks), m.next);
}

void add_remembered(
    const job& j, const job_memory& m, const time_source& time, status_report& to, job_status& s)
{
    s.paused = m.paused;
    const auto next = remembered_next(j, m, to.has_daemon, time);
    if (!next) return;
    s.next = next->at;
    s.next_delay = next->delay;
}

bool has_part(const run_record& r, const std::string& job)
{
    return r.chain == job || find_job(r, job) != nullptr;
}

/** Runs of several chains by their instants. Those of one chain are in the order in which they
 * ended, which no clock can turn round. */
void sort_if_of_several(std::vector<shared_run>& runs)
{
    const bool are_of_one = std::all_of(
        runs.begin(), runs.end(), [&](const auto& r) { return r->chain == runs.front()->chain; });
    if (are_of_one) return;
    std::stable_sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
        return a->scheduled_at > b->scheduled_at;
    });
}

void add_chains(const job_set& jobs, job_index i, const known_chains& chains, job_status& to)
{
    for (const std::string& name : chains_with(jobs, jobs[i].name)) {
        const auto at = chains.find(name);
        if (at == chains.end()) continue;
        to.running += at->second.running;
        for (const shared_run& r : at->second.ended)
            if (has_part(*r, jobs[i].name)) to.recent.push_back(r);
    }
    sort_if_of_several(to.recent);
    if (to.recent.size() > recent_runs) to.recent.resize(recent_runs);
}

bool holds_other_runs(const std::vector<history_entry>& entries)
{
    return std::any_of(entries.begin(), entries.end(), [](const history_entry& e) {
        const auto* const run = std::get_if<run_record>(&e.what);
        return run != nullptr && !is_by_schedule(*run);
    });
}

/** All ended runs in which a job took part, newest first. */
std::vector<shared_run>
all_runs_of(store_reader& store, const job_set& jobs, const std::string& job)
{
    std::vector<shared_run> out;
    for (auto& runs : store.latest_runs(chains_with(jobs, job), all_runs))
        for (run_record& r : runs)
            if (has_part(r, job)) out.push_back(std::make_shared<const run_record>(std::move(r)));
    sort_if_of_several(out);
    return out;
}

paint paint_of(job_state s)
{
    switch (s) {
    case job_state::disabled:
    case job_state::untried:
        return paint::faint;
    case job_state::paused:
    case job_state::losing:
    case job_state::late:
        return paint::doubtful;
    case job_state::failing:
        return paint::bad;
    case job_state::ok:
        break;
    }
    return paint::good;
}

styled_text state_of(const job_status& s)
{
    styled_text out(to_string(s.state.state), paint_of(s.state.state));
    if (s.running == 1) out.add(", running", paint::busy);
    if (s.running > 1) out.add(fmt::format(", {} running", s.running), paint::busy);
    return out;
}

/** Of those that somebody may want to do something about. */
styled_text why_of(const explained_state& c)
{
    const bool is_told =
        c.state == job_state::failing || c.state == job_state::losing || c.state == job_state::late;
    return is_told ? c.why : std::string();
}

styled_text next_of(const job_status& s, bool has_daemon, instant now)
{
    if (!s.next) return "-";
    const planned_instant next{*s.next, s.next_delay};
    if (next.due() <= now) return has_daemon ? "now" : "when the daemon starts";
    return fmt::format("{} ({})", in_words(next), distance_in_words(next.due(), now));
}

styled_text sparks_of(const job_status& s, const std::string& job)
{
    std::vector<spark> marks;
    std::transform(
        s.recent.rbegin(), s.recent.rend(), std::back_inserter(marks), [&](const shared_run& r) {
            const job_end end = end_of(*r, job);
            return spark{end.outcome, end.length};
        });
    return sparkline(marks);
}

} // namespace

status_report read_status(store_reader& store, const job_set& jobs, const time_source& time)
{
    status_report out{.has_daemon = store.has_daemon()};
    const known_chains chains = read_chains(store, jobs);
    out.jobs.resize(jobs.size());
    for (const job_memory& m : store.memories()) {
        const auto i = jobs.find(m.job);
        if (i && std::holds_alternative<schedule>(jobs[*i].trigger))
            add_remembered(jobs[*i], m, time, out, out.jobs[*i]);
    }
    auto entries = store.latest_entries(names_of(jobs), few_entries);
    for (job_index i = 0; i < jobs.size(); ++i) {
        job_status& s = out.jobs[i];
        add_chains(jobs, i, chains, s);
        // Fewer than could be shown are all that there are.
        const auto all = [&] {
            return s.recent.size() < recent_runs ? std::vector<shared_run>()
                                                 : all_runs_of(store, jobs, jobs[i].name);
        };
        if (entries[i].size() == few_entries && holds_other_runs(entries[i]))
            entries[i] = std::move(store.latest_entries({jobs[i].name}, more_entries).front());
        s.state = explain_state(
            facts_of(jobs[i], s.paused, {.recent = s.recent, .all = all, .own = entries[i]}));
    }
    return out;
}

std::string as_table(const status_report& r, const job_set& jobs, instant now, const screen& to)
{
    styled_text head("daemon: ");
    if (r.has_daemon)
        head.add("running", paint::good);
    else
        head.add("not running", paint::doubtful).add(", so nothing fires");
    text_table table(
        {{"job"},
         {"state"},
         {.head = "last", .rank = 1},
         {.head = "at", .rank = 3},
         {.head = "next", .rank = 2},
         {.head = "recent", .rank = 4},
         {.head = "why", .rank = 5}});
    for (job_index i = 0; i < jobs.size(); ++i) {
        const job_status& s = r.jobs[i];
        styled_text last = "-";
        styled_text at = "-";
        if (!s.recent.empty()) {
            const job_end end = end_of(*s.recent.front(), jobs[i].name);
            last = {to_string(end.outcome), paint_of(to_string(end.outcome))};
            at = fmt::format("{} ({})", format_local(end.at), distance_in_words(end.at, now));
        }
        table.add(
            {jobs[i].name, state_of(s), std::move(last), std::move(at),
             next_of(s, r.has_daemon, now), sparks_of(s, jobs[i].name), why_of(s.state)});
    }
    return head.shown(to.has_colour) + "\n\n" + table.text(to);
}

std::string as_json(const status_report& r, const job_set& jobs)
{
    json::array list;
    for (job_index i = 0; i < jobs.size(); ++i) {
        const job_status& s = r.jobs[i];
        json::object o = job_as_json(jobs, i);
        o["state"] = to_string(s.state.state);
        o["why"] = s.state.why;
        o["paused"] = s.paused;
        if (s.next) add_next({*s.next, s.next_delay}, o);
        o["running"] = s.running;
        if (!s.recent.empty()) o["last"] = to_json(*s.recent.front());
        list.push_back(std::move(o));
    }
    return jobs.secrets().hide(detail::json_text(json::object{{"jobs", std::move(list)}}));
}

} // namespace carillon::app
