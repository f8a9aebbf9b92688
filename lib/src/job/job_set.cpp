#include "job/cycles.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/job/job_set.hpp>
#include <carillon/job/job_templates.hpp>
#include <carillon/job/proxy_rules.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

namespace carillon {

void throw_exception_from_error(const invalid_jobs& e, const boost::source_location&)
{
    std::string text = "invalid jobs";
    for (const problem& p : e.problems) text += fmt::format("; {}.{}: {}", p.job, p.key, p.what);
    throw std::invalid_argument(text);
}

/** Works a set out step by step. Each step adds the problems that it finds and continues with
 * what is right, so that all problems are reported at once. */
class job_set::builder {
public:
    builder(std::vector<job> jobs, masker secrets)
    {
        set_.jobs_ = std::move(jobs);
        set_.secrets_ = std::move(secrets);
    }

    boost::system::result<job_set, invalid_jobs> build() &&
    {
        inspect_jobs();
        index_names();
        resolve_parents();
        link_children();
        find_roots();
        resolve_references();
        if (!problems_.empty()) return invalid_jobs{std::move(problems_)};
        collect_secrets();
        return std::move(set_);
    }

private:
    const std::vector<job>& jobs() const { return set_.jobs_; }
    job_index count() const { return static_cast<job_index>(jobs().size()); }
    void add(job_index i, std::string key, std::string what)
    {
        problems_.push_back({jobs()[i].name, std::move(key), std::move(what)});
    }

    void inspect_jobs()
    {
        for (const job& j : jobs()) {
            for (problem& p : find_problems(j)) problems_.push_back(std::move(p));
        }
    }

    void index_names()
    {
        auto& index = set_.by_name_;
        index.resize(jobs().size());
        std::iota(index.begin(), index.end(), job_index{0});
        std::stable_sort(index.begin(), index.end(), [&](job_index a, job_index b) {
            return jobs()[a].name < jobs()[b].name;
        });
        for (std::size_t i = 1; i < index.size(); ++i) {
            if (jobs()[index[i - 1]].name == jobs()[index[i]].name)
                add(index[i], "name", "another job has this name");
        }
    }

    void resolve_parents()
    {
        lost_parent_.assign(jobs().size(), false);
        for (job_index i = 0; i < count(); ++i) {
            const auto* waits = std::get_if<after>(&jobs()[i].trigger);
            if (waits == nullptr) continue;
            if (waits->empty()) add(i, "after", "names no job");
            const std::size_t edges_before = edges_.size();
            std::unordered_set<std::string_view> seen;
            for (const parent& p : *waits) resolve_parent(i, p, seen.insert(p.job).second);
            lost_parent_[i] = edges_.size() - edges_before != waits->size() || waits->empty();
        }
    }

    void resolve_parent(job_index i, const parent& p, bool is_first)
    {
        if (p.job == jobs()[i].name)
            add(i, "after." + p.job, "a job cannot wait for itself");
        else if (const auto found = set_.find(p.job); !found)
            add(i, "after." + p.job, unknown_job(p.job));
        else if (!is_first)
            add(i, "after." + p.job, "named twice");
        else
            edges_.push_back({.child = i, .parent = *found});
    }

    std::string unknown_job(const std::string& name)
    {
        detail::nearest nearest(name);
        // With very many unknown names and very many jobs the time would be their product.
        if (looks_ < enough_looks)
            for (const job& j : jobs()) nearest.consider(j.name);
        looks_ += jobs().size();
        return fmt::format("there is no job '{}'{}", name, nearest.suggestion());
    }

    void link_children()
    {
        if (edges_.empty()) return;
        auto& first = set_.first_child_;
        first.assign(jobs().size() + 1, 0);
        for (const detail::waiting& e : edges_) ++first[e.parent + 1];
        std::partial_sum(first.begin(), first.end(), first.begin());

        set_.children_.resize(edges_.size());
        std::vector<job_index> next(first.begin(), first.end() - 1);
        for (const detail::waiting& e : edges_) set_.children_[next[e.parent]++] = e.child;
    }

    /** Kahn's algorithm: a job's root is known once those of all its parents are. Jobs that are
     * left wait in a cycle. */
    void find_roots()
    {
        if (edges_.empty()) return;
        std::vector<job_index> missing(jobs().size(), 0);
        for (const detail::waiting& e : edges_) ++missing[e.child];
        std::vector<job_index> ready;
        set_.roots_.assign(jobs().size(), none);
        for (job_index i = 0; i < count(); ++i) {
            if (missing[i] != 0) continue;
            // A job with unknown parents may belong to any chain.
            if (!lost_parent_[i]) set_.roots_[i] = i;
            ready.push_back(i);
        }
        for (std::size_t at = 0; at < ready.size(); ++at) {
            for (const job_index child : set_.children(ready[at])) {
                inherit_root(child, ready[at]);
                if (--missing[child] == 0) ready.push_back(child);
            }
        }
        if (ready.size() != jobs().size()) report_cycles();
    }

    void inherit_root(job_index child, job_index from)
    {
        job_index& root = set_.roots_[child];
        if (set_.roots_[from] == none) return;
        if (root == none)
            root = set_.roots_[from];
        else if (root != set_.roots_[from])
            add(child, "after",
                fmt::format(
                    "its parents belong to two chains, '{}' and '{}'; all must stem from one first "
                    "job",
                    jobs()[root].name, jobs()[set_.roots_[from]].name));
    }

    /** A job can be sent with a value of another job's reply only if that job has ended before. */
    void resolve_references()
    {
        for (job_index i = 0; i < count(); ++i) {
            std::optional<std::vector<bool>> earlier;
            for_each_template(jobs()[i], [&](std::string_view key, const std::string& text) {
                if (template_problem(text)) return;
                for (const reply_reference& r : reply_references(text)) {
                    if (!earlier) earlier = ancestors_of(i);
                    const auto of = set_.find(r.job);
                    if (!of)
                        add(i, std::string(key), unknown_job(r.job));
                    else if (!(*earlier)[*of])
                        add(i, std::string(key),
                            fmt::format("'{}' does not end before this job begins", r.job));
                }
            });
        }
    }

    std::vector<bool> ancestors_of(job_index i) const
    {
        std::vector<bool> out(jobs().size(), false);
        std::vector<job_index> reached{i};
        for (std::size_t at = 0; at < reached.size(); ++at) {
            for (const detail::waiting& e : edges_) {
                if (e.child != reached[at] || out[e.parent]) continue;
                out[e.parent] = true;
                reached.push_back(e.parent);
            }
        }
        return out;
    }

    void report_cycles()
    {
        for (const auto& cycle : detail::find_cycles(edges_, count())) {
            std::string words;
            for (const job_index i : cycle) words += jobs()[i].name + " waits for ";
            const std::string& first = jobs()[cycle.front()].name;
            add(cycle.front(), "after", fmt::format("a cycle: {}{}", words, first));
        }
    }

    void collect_secrets()
    {
        const std::vector<header>* seen =
            nullptr; // most jobs share their headers with the one before
        for (const job& j : jobs()) {
            collect_url_secrets(j.url, set_.secrets_);
            if (*j.poll) collect_url_secrets((*j.poll)->url, set_.secrets_);
            if (j.route->proxy) collect_proxy_secrets(j.route->proxy->reveal(), set_.secrets_);
            std::visit([&](const auto& auth) { collect(auth); }, *j.auth);
            if (&*j.headers == seen) continue;
            seen = &*j.headers;
            for (const header& h : *seen)
                if (!has_placeholders(h.value.reveal()))
                    collect_header_secrets(h.name, h.value.reveal(), set_.secrets_);
        }
    }

    void collect(std::monostate) {}
    void collect(const bearer_auth& auth)
    {
        if (!has_placeholders(auth.token.reveal())) set_.secrets_.add(auth.token.reveal());
    }
    void collect(const hmac_auth& auth) { set_.secrets_.add(auth.key.reveal()); }
    void collect(const basic_auth& auth)
    {
        set_.secrets_.add(auth.password.reveal());
        set_.secrets_.add(detail::base64(auth.user + ":" + auth.password.reveal()));
    }

    static constexpr job_index none = std::numeric_limits<job_index>::max();

    /// Of jobs for the nearest names, all in all: some tenths of a second.
    static constexpr std::size_t enough_looks = 500'000;

    job_set set_;
    std::vector<detail::waiting> edges_; // those that are right, in the order of their children
    std::vector<bool> lost_parent_;      // whether a job has a parent that is not among the edges
    std::size_t looks_ = 0;
    std::vector<problem> problems_;
};

boost::system::result<job_set, invalid_jobs> job_set::create(std::vector<job> jobs, masker secrets)
{
    return builder(std::move(jobs), std::move(secrets)).build();
}

std::optional<job_index> job_set::find(std::string_view name) const noexcept
{
    const auto at = std::lower_bound(
        by_name_.begin(), by_name_.end(), name,
        [&](job_index i, std::string_view wanted) { return jobs_[i].name < wanted; });
    if (at == by_name_.end() || jobs_[*at].name != name) return std::nullopt;
    return *at;
}

std::span<const job_index> job_set::children(job_index i) const noexcept
{
    if (first_child_.empty()) return {};
    return std::span(children_).subspan(first_child_[i], first_child_[i + 1] - first_child_[i]);
}

std::vector<job_index> job_set::chain_from(job_index first) const
{
    std::vector<job_index> reached{first};
    std::unordered_map<job_index, std::size_t> missing{
        {first, 0}}; // parents within the chain still to come
    for (std::size_t at = 0; at < reached.size(); ++at) {
        for (const job_index child : children(reached[at])) {
            if (missing[child]++ == 0) reached.push_back(child);
        }
    }

    std::vector<job_index> ordered{first};
    ordered.reserve(reached.size());
    for (std::size_t at = 0; at < ordered.size(); ++at) {
        for (const job_index child : children(ordered[at])) {
            if (--missing[child] == 0) ordered.push_back(child);
        }
    }
    return ordered;
}

} // namespace carillon
