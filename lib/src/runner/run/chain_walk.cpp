#include "runner/run/chain_walk.hpp"

#include <algorithm>
#include <numeric>

namespace carillon::detail {

bool meets(condition c, outcome o) noexcept
{
    switch (c) {
    case condition::succeeded:
        return o == outcome::completed;
    case condition::finished:
        return true;
    case condition::failed:
        return o == outcome::failed || o == outcome::timed_out || o == outcome::unreachable ||
               o == outcome::rejected || o == outcome::interrupted;
    }
    return false;
}

chain_walk::chain_walk(const job_set& jobs, std::vector<job_index> members, bool by_hand)
    : jobs_(jobs), by_hand_(by_hand)
{
    members_.reserve(members.size());
    for (const job_index j : members) members_.push_back({.job = j});
    by_job_.resize(members_.size());
    std::iota(by_job_.begin(), by_job_.end(), std::size_t{0});
    std::sort(by_job_.begin(), by_job_.end(), [&](std::size_t a, std::size_t b) {
        return members_[a].job < members_[b].job;
    });
    for (std::size_t i = 0; i < members_.size(); ++i) {
        for (const job_index child : jobs_.children(members_[i].job))
            ++members_[position_of(child)].waits_for;
    }
    ready_.push_back(0);
}

/** Where a job of this run stands. */
std::size_t chain_walk::position_of(job_index j) const
{
    return *std::lower_bound(
        by_job_.begin(), by_job_.end(), j,
        [&](std::size_t position, job_index wanted) { return members_[position].job < wanted; });
}

std::optional<chain_walk::step> chain_walk::next()
{
    if (ready_.empty()) return std::nullopt;
    step s{ready_.front(), std::nullopt};
    ready_.pop_front();
    const bool asked_for = by_hand_ && s.position == 0;
    if (!members_[s.position].conditions_met)
        s.skip = reason::condition;
    else if (!at(s.position).enabled && !asked_for)
        s.skip = reason::disabled;
    if (s.skip) ended(s.position, outcome::skipped);
    return s;
}

void chain_walk::ended(std::size_t position, outcome o)
{
    const job_index parent = members_[position].job;
    for (const job_index child : jobs_.children(parent)) settle_child(child, parent, o);
}

void chain_walk::had_ended(std::size_t position, outcome o)
{
    members_[position].has_ended = true;
    std::erase(ready_, position);
    ended(position, o);
}

void chain_walk::settle_child(job_index child, job_index parent, outcome o)
{
    const std::size_t position = position_of(child);
    member& m = members_[position];
    const auto& waits = std::get<after>(jobs_[child].trigger);
    const auto link = std::find_if(waits.begin(), waits.end(), [&](const carillon::parent& p) {
        return p.job == jobs_[parent].name;
    });
    if (!meets(link->when, o)) m.conditions_met = false;
    if (--m.waits_for == 0 && !m.has_ended) ready_.push_back(position);
}

} // namespace carillon::detail
