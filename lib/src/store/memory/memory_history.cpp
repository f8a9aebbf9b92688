#include "store/memory/memory_history.hpp"

#include <algorithm>
#include <string_view>

namespace carillon::detail {
namespace {

const std::string& chain_of_entry(const history_entry& e)
{
    return std::visit([](const auto& what) -> const std::string& { return what.chain; }, e.what);
}

std::string_view outcome_of_entry(const history_entry& e)
{
    if (const auto* m = std::get_if<missed_record>(&e.what)) return fate_of(m->reason);
    return to_string(std::get<run_record>(e.what).outcome.value_or(outcome::interrupted));
}

bool is_asked_for(const history_query& q, const history_entry& e)
{
    if (q.before && e.cursor >= *q.before) return false;
    if (q.since && e.at < *q.since) return false;
    if (!q.outcome.empty() && outcome_of_entry(e) != q.outcome) return false;
    return q.chains.empty() ||
           std::find(q.chains.begin(), q.chains.end(), chain_of_entry(e)) != q.chains.end();
}

const run_record* find_in(const std::deque<history_entry>& ended, run_id id)
{
    for (const history_entry& e : ended)
        if (const auto* run = std::get_if<run_record>(&e.what); run && run->id == id) return run;
    return nullptr;
}

} // namespace

std::optional<std::string> memory_history::append(
    const std::string& chain, instant at, std::variant<run_record, missed_record> what)
{
    auto& ended = chains_[chain];
    ended.push_back({.cursor = ++last_cursor_, .at = at, .what = std::move(what)});
    order_.emplace_back(chain, last_cursor_);
    if (ended.size() > keep_runs_) ended.pop_front();
    return order_.size() > keep_runs_in_all_ ? forget_oldest() : std::nullopt;
}

std::optional<std::string> memory_history::forget_oldest()
{
    auto [chain, cursor] = std::move(order_.front());
    order_.pop_front();
    if (const auto at = chains_.find(chain); at != chains_.end()) {
        auto& ended = at->second;
        // Unless its chain has forgotten it already.
        if (!ended.empty() && ended.front().cursor == cursor) ended.pop_front();
        if (!ended.empty()) return std::nullopt;
        chains_.erase(at);
    }
    return std::move(chain);
}

void memory_history::erase(const std::string& chain, run_id run)
{
    const auto at = chains_.find(chain);
    if (at == chains_.end()) return;
    std::erase_if(at->second, [&](const history_entry& e) {
        const auto* before = std::get_if<run_record>(&e.what);
        return before != nullptr && before->id == run;
    });
}

history_page memory_history::find(const history_query& q) const
{
    std::vector<const history_entry*> found;
    for (const auto& [chain, ended] : chains_)
        for (const history_entry& e : ended)
            if (is_asked_for(q, e)) found.push_back(&e);
    std::sort(found.begin(), found.end(), [](const history_entry* a, const history_entry* b) {
        return a->cursor > b->cursor;
    });
    history_page out;
    if (found.size() > q.limit) {
        found.resize(q.limit);
        out.next = found.back()->cursor;
    }
    for (const history_entry* e : found) out.entries.push_back(*e);
    return out;
}

const run_record* memory_history::find_run(run_id id) const
{
    for (const auto& [chain, ended] : chains_)
        if (const run_record* run = find_in(ended, id)) return run;
    return nullptr;
}

const run_record* memory_history::find_run(const std::string& chain, run_id id) const
{
    const auto at = chains_.find(chain);
    return at != chains_.end() ? find_in(at->second, id) : nullptr;
}

std::vector<run_id> memory_history::ids() const
{
    std::vector<run_id> out;
    for (const auto& [chain, ended] : chains_)
        for (const history_entry& e : ended)
            if (const auto* run = std::get_if<run_record>(&e.what)) out.push_back(run->id);
    return out;
}

std::vector<run_record> memory_history::runs(const std::string& chain) const
{
    std::vector<run_record> out;
    const auto at = chains_.find(chain);
    if (at == chains_.end()) return out;
    for (const history_entry& e : at->second)
        if (const auto* run = std::get_if<run_record>(&e.what)) out.push_back(*run);
    return out;
}

std::vector<missed_record> memory_history::missed() const
{
    const history_page all = find({.limit = keep_runs_in_all_});
    std::vector<missed_record> out;
    for (const history_entry& e : all.entries)
        if (const auto* m = std::get_if<missed_record>(&e.what)) out.push_back(*m);
    std::reverse(out.begin(), out.end());
    return out;
}

} // namespace carillon::detail
