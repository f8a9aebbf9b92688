#include "commands/history.hpp"

#include "text/run_words.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/run_json.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace json = boost::json;

namespace carillon::app {
namespace {

constexpr std::array<std::string_view, 10> outcomes{
    "completed", "failed",  "timed_out",   "unreachable", "rejected",
    "cancelled", "skipped", "interrupted", "missed",      "running"};

std::optional<bad_text> check_outcome(const std::string& name)
{
    if (name.empty() || std::find(outcomes.begin(), outcomes.end(), name) != outcomes.end())
        return std::nullopt;
    detail::nearest nearest(name);
    for (const std::string_view o : outcomes) nearest.consider(o);
    std::string why = "there is no such outcome" + nearest.suggestion();
    if (nearest.suggestion().empty()) {
        why += "; there are";
        for (const std::string_view o : outcomes)
            why += fmt::format("{}{}", o == outcomes.front() ? " " : ", ", o);
    }
    return bad_text{"--outcome", name, {0, std::move(why)}};
}

/** A span means so long ago. */
boost::system::result<instant, bad_text>
read_since(const std::string& text, instant now, const time_zone& zone)
{
    const auto span = parse_span(text);
    if (span) return *span > now.time_since_epoch() ? instant{} : now - *span;
    const auto time = parse_timestamp(text);
    if (time) return first_instant_of(*time, zone);
    // The reader that got further is the one that was meant.
    const bool is_time = time.error().offset >= span.error().offset;
    return bad_text{"--since", text, is_time ? time.error() : span.error()};
}

bool passes(const history_query& q, const run_record& run)
{
    const bool is_chain = q.chains.empty() ||
                          std::find(q.chains.begin(), q.chains.end(), run.chain) != q.chains.end();
    return is_chain && (q.outcome.empty() || q.outcome == outcome_word(run)) &&
           (!q.since || !run.outcome || run.started_at >= *q.since);
}

/** Removes runs that stand in both answers: a run may end between the two questions, and one that
 * is retried has ended before. */
void tell_once(std::vector<history_entry>& open, std::vector<history_entry>& ended)
{
    std::unordered_map<std::string, std::int64_t> fences;
    const auto key = [](const run_record& r) {
        return std::string(std::begin(r.id.data), std::end(r.id.data));
    };
    for (const history_entry& e : open) {
        const auto& run = std::get<run_record>(e.what);
        fences[key(run)] = run.fence;
    }
    std::erase_if(ended, [&](const history_entry& e) {
        const auto* run = std::get_if<run_record>(&e.what);
        const auto at = run != nullptr ? fences.find(key(*run)) : fences.end();
        if (at == fences.end() || run->fence < at->second) return at != fences.end();
        fences.erase(at);
        return false;
    });
    std::erase_if(open, [&](const history_entry& e) {
        return !fences.contains(key(std::get<run_record>(e.what)));
    });
}

std::vector<history_entry> read_open(store_reader& store)
{
    std::vector<history_entry> out;
    for (auto& [open, is_running] : store.open_runs()) {
        if (!is_running) mark_interrupted(open.run, open.recovers);
        const instant at = open.run.started_at;
        out.push_back({.cursor = 0, .at = at, .what = std::move(open.run)});
    }
    std::stable_sort(out.begin(), out.end(), [](const history_entry& a, const history_entry& b) {
        return a.at > b.at;
    });
    return out;
}

json::object as_object(const missed_record& m)
{
    const auto text = [](std::string_view t) { return json::string(t.data(), t.size()); };
    return {{"chain", text(m.chain)},     {"outcome", text(fate_of(m.reason))},
            {"from", format_utc(m.from)}, {"to", format_utc(m.to)},
            {"count", m.count},           {"reason", text(to_string(m.reason))}};
}

} // namespace

std::vector<std::string> chains_with(const job_set& jobs, std::string_view job)
{
    std::vector<std::string> out;
    const auto asked = jobs.find(job);
    if (!asked) return out;
    for (const job_index i : jobs.chain_from(jobs.chain_of(*asked))) {
        const std::vector<job_index> chain = jobs.chain_from(i);
        if (std::find(chain.begin(), chain.end(), *asked) != chain.end())
            out.push_back(jobs[i].name);
    }
    return out;
}

boost::system::result<history_query, bad_text> read_history_query(
    const history_options& o, const job_set& jobs, instant now, const time_zone& zone)
{
    history_query q{.outcome = o.outcome, .before = o.before, .limit = o.limit};
    if (auto bad = check_outcome(o.outcome)) return std::move(*bad);
    if (!o.since.empty()) {
        const auto since = read_since(o.since, now, zone);
        if (!since) return since.error();
        q.since = *since;
    }
    if (o.job.empty()) return q;
    q.chains = chains_with(jobs, o.job);
    if (q.chains.empty()) q.chains = {o.job};
    return q;
}

std::optional<bad_text> check_cursor(store_reader& store, std::optional<std::int64_t> before)
{
    if (!before) return std::nullopt;
    const history_page newest = store.find({.limit = 1});
    const std::int64_t last = newest.entries.empty() ? 0 : newest.entries.front().cursor;
    if (*before >= 1 && *before <= last) return std::nullopt;
    return bad_text{
        "--before",
        std::to_string(*before),
        {0, last == 0 ? "the history is empty"
                      : fmt::format("no page has ended there: cursors are from 1 to {}", last)}};
}

bool knows_chain(store_reader& store, const std::string& chain)
{
    if (!store.find({.chains = {chain}, .limit = 1}).entries.empty()) return true;
    const auto open = store.open_runs();
    return std::any_of(
        open.begin(), open.end(), [&](const unended_run& r) { return r.open.run.chain == chain; });
}

history_page read_history(store_reader& store, const history_query& q)
{
    std::vector<history_entry> open = read_open(store);
    history_page page;
    if (q.outcome != "running") page = store.find(q);
    tell_once(open, page.entries);
    if (q.before) return page;
    std::erase_if(
        open, [&](const history_entry& e) { return !passes(q, std::get<run_record>(e.what)); });
    page.entries.insert(
        page.entries.begin(), std::make_move_iterator(open.begin()),
        std::make_move_iterator(open.end()));
    return page;
}

std::string as_json(const history_page& page)
{
    json::array runs;
    for (const history_entry& e : page.entries) {
        if (const auto* run = std::get_if<run_record>(&e.what))
            runs.push_back(to_json(*run));
        else
            runs.push_back(as_object(std::get<missed_record>(e.what)));
    }
    return detail::json_text(json::object{
        {"runs", std::move(runs)}, {"next", page.next ? json::value(*page.next) : json::value()}});
}

} // namespace carillon::app
