#include "job/cycles.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace carillon::detail {
namespace {

using node = std::uint32_t;

constexpr node unseen = std::numeric_limits<node>::max();

/// Of looking for cycles beside those that were found.
constexpr int rounds = 16;

/** Tarjan's algorithm (SIAM J. Comput. 1, 1972). It has a stack of its own, since a chain may be
 * longer than the thread's stack is deep. */
class grouping {
public:
    grouping(std::span<const waiting> all, node nodes)
        : all_(all), first_(nodes + std::size_t{1}, 0), number_(nodes, unseen), lowest_(nodes, 0),
          group_(nodes, unseen)
    {
        for (const waiting& w : all) ++first_[w.child + std::size_t{1}];
        for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
    }

    /** For each node, the node of its group that was visited first. */
    const std::vector<node>& run()
    {
        for (node n = 0; n < number_.size(); ++n)
            if (number_[n] == unseen) visit(n);
        return group_;
    }

    std::span<const waiting> parents_of(node n) const
    {
        return all_.subspan(first_[n], first_[n + std::size_t{1}] - first_[n]);
    }

private:
    struct step {
        node at;
        std::size_t next; // of its parents
    };

    void enter(node n)
    {
        lowest_[n] = number_[n] = count_++;
        open_.push_back(n);
        steps_.push_back({n, 0});
    }

    void visit(node from)
    {
        enter(from);
        while (!steps_.empty()) {
            auto& [at, next] = steps_.back();
            const auto parents = parents_of(at);
            if (next == parents.size()) {
                leave();
                continue;
            }
            const node parent = parents[next++].parent;
            if (number_[parent] == unseen)
                enter(parent);
            else if (group_[parent] == unseen)
                lowest_[at] = std::min(lowest_[at], number_[parent]);
        }
    }

    void leave()
    {
        const node done = steps_.back().at;
        steps_.pop_back();
        if (!steps_.empty()) {
            node& lowest = lowest_[steps_.back().at];
            lowest = std::min(lowest, lowest_[done]);
        }
        if (lowest_[done] != number_[done]) return;
        node member = unseen;
        while (member != done) {
            member = open_.back();
            open_.pop_back();
            group_[member] = done;
        }
    }

    std::span<const waiting> all_;
    std::vector<std::size_t> first_; // of node n: all_[first_[n]] to all_[first_[n + 1]]
    std::vector<node> number_;       // in the order of visits
    std::vector<node> lowest_;
    std::vector<node> group_;
    std::vector<node> open_;
    std::vector<step> steps_;
    node count_ = 0;
};

/** Follows parents within the group until one repeats. */
std::vector<node> cycle_from(node start, const grouping& graph, const std::vector<node>& group_of)
{
    std::vector<node> path;
    std::map<node, std::size_t> place;
    node at = start;
    while (place.try_emplace(at, path.size()).second) {
        path.push_back(at);
        const auto parents = graph.parents_of(at);
        const auto inner = std::find_if(parents.begin(), parents.end(), [&](const waiting& w) {
            return group_of[w.parent] == group_of[start];
        });
        at = inner->parent;
    }
    path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(place[at]));
    std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
    return path;
}

/** A cycle of each group. */
std::vector<std::vector<node>> one_of_each(std::span<const waiting> all, node nodes)
{
    grouping graph(all, nodes);
    const std::vector<node>& group_of = graph.run();
    std::vector<node> size(nodes, 0);
    for (const node g : group_of) ++size[g];

    std::vector<std::vector<node>> out;
    for (node n = 0; n < nodes; ++n) {
        node& members = size[group_of[n]];
        if (members > 1) out.push_back(cycle_from(n, graph, group_of));
        members = 0; // told
    }
    return out;
}

void remove(const std::vector<node>& cycle, std::vector<waiting>& from)
{
    std::map<node, node> parent_of;
    for (std::size_t i = 0; i < cycle.size(); ++i)
        parent_of[cycle[i]] = cycle[(i + 1) % cycle.size()];
    std::erase_if(from, [&](const waiting& w) {
        const auto at = parent_of.find(w.child);
        return at != parent_of.end() && at->second == w.parent;
    });
}

} // namespace

std::vector<std::vector<std::uint32_t>>
find_cycles(std::span<const waiting> all, std::uint32_t nodes)
{
    std::vector<waiting> left(all.begin(), all.end());
    std::vector<std::vector<node>> out;
    for (int round = 0; round < rounds; ++round) {
        const auto found = one_of_each(left, nodes);
        if (found.empty()) break;
        for (const std::vector<node>& cycle : found) remove(cycle, left);
        out.insert(out.end(), found.begin(), found.end());
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace carillon::detail
