#include <carillon/runner/chain_walk.hpp>

#include <algorithm>

namespace carillon {

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

chain_walk::chain_walk(const job_set& plan, std::vector<job_index> members, bool by_hand)
    : plan_(plan), by_hand_(by_hand)
{
    members_.reserve(members.size());
    for (const job_index j : members) members_.push_back({.job = j});
    if (members_.size() > 1) {
        for (const member& parent : members_) {
            for (const job_index child : plan_.children(parent.job)) {
                const auto same = [&](const member& m) { return m.job == child; };
                ++std::find_if(members_.begin(), members_.end(), same)->waits_for;
            }
        }
    }
    ready_.push_back(0);
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
    for (const job_index child : plan_.children(parent)) settle_child(child, parent, o);
}

void chain_walk::settle_child(job_index child, job_index parent, outcome o)
{
    const auto m = std::find_if(
        members_.begin(), members_.end(), [&](const member& c) { return c.job == child; });
    const auto& waits = std::get<after>(plan_[child].trigger);
    const auto link = std::find_if(waits.begin(), waits.end(), [&](const carillon::parent& p) {
        return p.job == plan_[parent].name;
    });
    if (!meets(link->when, o)) m->conditions_met = false;
    if (--m->waits_for == 0) ready_.push_back(static_cast<std::size_t>(m - members_.begin()));
}

} // namespace carillon
