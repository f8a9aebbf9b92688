#include "store/memory/open_runs.hpp"

#include <algorithm>

namespace carillon::detail {

open_runs::owned_run* open_runs::find(const occurrence& at)
{
    const auto known = runs_.find(at);
    return known != runs_.end() ? &known->second : nullptr;
}

open_runs::owned_run* open_runs::find(run_id id) const
{
    const auto at = by_id_.find(id);
    return at != by_id_.end() ? &at->second->second : nullptr;
}

bool open_runs::has_chain(const std::string& chain) const
{
    const auto at = runs_.lower_bound({chain, instant::min()});
    return at != runs_.end() && at->first.first == chain;
}

std::vector<run_id> open_runs::ids() const
{
    std::vector<run_id> out;
    out.reserve(runs_.size());
    for (const auto& [key, claimed] : runs_) out.push_back(claimed.run.run.id);
    return out;
}

std::vector<unended_run> open_runs::all() const
{
    std::vector<unended_run> out;
    out.reserve(runs_.size());
    for (const auto& [key, claimed] : runs_)
        out.push_back({.open = claimed.run, .is_running = claimed.owner != 0});
    std::sort(out.begin(), out.end(), [](const unended_run& a, const unended_run& b) {
        return a.open.run.fence < b.open.run.fence;
    });
    return out;
}

void open_runs::put(occurrence at, owned_run run)
{
    erase(at);
    const run_id id = run.run.run.id;
    by_id_.emplace(id, runs_.emplace(std::move(at), std::move(run)).first);
}

void open_runs::erase(const occurrence& at)
{
    const auto run = runs_.find(at);
    if (run == runs_.end()) return;
    auto [same, last] = by_id_.equal_range(run->second.run.run.id);
    while (same != last && same->second != run) ++same;
    if (same != last) by_id_.erase(same);
    runs_.erase(run);
}

void open_runs::disown(int owner)
{
    for (auto& [key, claimed] : runs_)
        if (claimed.owner == owner) claimed.owner = 0;
}

} // namespace carillon::detail
