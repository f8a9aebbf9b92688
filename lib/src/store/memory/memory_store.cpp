#include <carillon/detail/pending.hpp>
#include <carillon/store/memory_store.hpp>

#include <boost/container/flat_set.hpp>
#include <boost/container_hash/hash.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

namespace asio = boost::asio;

namespace carillon {
namespace {

struct by_job {
    using is_transparent = void;

    static std::string_view name(const job_memory& m) noexcept { return m.job; }
    static std::string_view name(std::string_view job) noexcept { return job; }

    template <class A, class B>
    bool operator()(const A& a, const B& b) const
    {
        return name(a) < name(b);
    }
};

const std::string& chain_of(const history_entry& e)
{
    return std::visit([](const auto& what) -> const std::string& { return what.chain; }, e.what);
}

std::string_view outcome_of(const history_entry& e)
{
    if (const auto* m = std::get_if<missed_record>(&e.what)) return fate_of(m->reason);
    return to_string(std::get<run_record>(e.what).outcome.value_or(outcome::interrupted));
}

bool meets(const history_query& q, const history_entry& e)
{
    if (q.before && e.cursor >= *q.before) return false;
    if (q.since && e.at < *q.since) return false;
    if (!q.outcome.empty() && outcome_of(e) != q.outcome) return false;
    return q.chains.empty() ||
           std::find(q.chains.begin(), q.chains.end(), chain_of(e)) != q.chains.end();
}

/** Runs that are claimed and have not ended, by occurrence and by run. */
class open_runs {
public:
    using key = std::pair<std::string, instant>; // chain and instant

    struct owned_run {
        open_run run;
        int owner = 0; // none
    };

    using iterator = std::map<key, owned_run>::iterator;
    using const_iterator = std::map<key, owned_run>::const_iterator;

    iterator begin() { return runs_.begin(); }
    iterator end() { return runs_.end(); }
    const_iterator begin() const { return runs_.begin(); }
    const_iterator end() const { return runs_.end(); }

    iterator find(const key& at) { return runs_.find(at); }

    /** The open run of this id; null where there is none. */
    owned_run* find(run_id id) const
    {
        const auto at = by_id_.find(id);
        return at != by_id_.end() ? &at->second->second : nullptr;
    }

    bool has_chain(const std::string& chain) const
    {
        const auto at = runs_.lower_bound({chain, instant::min()});
        return at != runs_.end() && at->first.first == chain;
    }

    /** In place of what was open for the same occurrence. */
    void put(key at, owned_run run)
    {
        if (const auto known = runs_.find(at); known != runs_.end()) erase(known);
        const run_id id = run.run.run.id;
        by_id_.emplace(id, runs_.emplace(std::move(at), std::move(run)).first);
    }

    void erase(iterator run)
    {
        auto [at, last] = by_id_.equal_range(run->second.run.run.id);
        while (at != last && at->second != run) ++at;
        if (at != last) by_id_.erase(at);
        runs_.erase(run);
    }

private:
    std::map<key, owned_run> runs_;
    std::unordered_multimap<run_id, iterator, boost::hash<run_id>> by_id_;
};

} // namespace

/** What is kept, for all who share it. */
class memory_store::memory {
public:
    explicit memory(memory_store_options options) : options_(options) {}

    int add_owner() { return ++owners_; }

    void owner_is_gone(int owner)
    {
        for (auto& [key, claimed] : open_)
            if (claimed.owner == owner) claimed.owner = 0;
    }

    recollection load() const
    {
        recollection out{.memories = memories()};
        for (unended_run& r : unended())
            if (!r.is_running) out.crashed.push_back(std::move(r.open));
        return out;
    }

    std::vector<job_memory> memories() const { return {memories_.begin(), memories_.end()}; }

    /** The runs that have not ended, those with the earliest claim first. */
    std::vector<unended_run> unended() const
    {
        std::vector<unended_run> out;
        for (const auto& [key, claimed] : open_)
            out.push_back({.open = claimed.run, .is_running = claimed.owner != 0});
        std::sort(out.begin(), out.end(), [](const unended_run& a, const unended_run& b) {
            return a.open.run.fence < b.open.run.fence;
        });
        return out;
    }

    std::vector<claim> commit_changes(const store_changes& batch, instant now, int owner)
    {
        for (const returned_claim& r : batch.returned) take_back(r);
        std::vector<claim> claims;
        claims.reserve(batch.claims.size());
        for (const claim_request& r : batch.claims) claims.push_back(claim_one(r, now, owner));
        remember(batch.memories);
        for (const std::string& job : batch.forgotten)
            if (const auto known = memories_.find(job); known != memories_.end())
                memories_.erase(known);
        for (const missed_record& m : batch.missed) append(m.chain, now, m);
        return claims;
    }

    void save_progress(run_id run, job_record job)
    {
        auto* const open = open_.find(run);
        if (open == nullptr) return;
        auto& jobs = open->run.run.jobs;
        const auto known = std::find_if(
            jobs.begin(), jobs.end(), [&](const job_record& j) { return j.job == job.job; });
        if (known != jobs.end())
            *known = std::move(job);
        else
            jobs.push_back(std::move(job));
    }

    void finish(const run_record& run)
    {
        if (const auto open = open_.find({run.chain, run.scheduled_at}); open != open_.end())
            open_.erase(open);
        if (const auto chain = chains_.find(run.chain); chain != chains_.end())
            std::erase_if(chain->second.ended, [&](const history_entry& e) {
                const auto* before = std::get_if<run_record>(&e.what);
                return before != nullptr && before->id == run.id;
            });
        const instant at = run.ended_at.value_or(run.started_at);
        append(run.chain, at, run);
    }

    history_page find(const history_query& q) const
    {
        std::vector<const history_entry*> found;
        for (const auto& [name, chain] : chains_)
            for (const history_entry& e : chain.ended)
                if (meets(q, e)) found.push_back(&e);
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

    std::optional<run_record> find_run(run_id id) const
    {
        if (const auto* const open = open_.find(id)) {
            run_record out = open->run.run;
            if (open->owner == 0) out.reason = reason::crash;
            return out;
        }
        for (const auto& [name, chain] : chains_)
            if (const run_record* run = find_ended(chain, id)) return *run;
        return std::nullopt;
    }

    std::vector<run_id> find_ids(run_id first, run_id last, std::size_t limit) const
    {
        std::set<run_id> found;
        const auto note = [&](run_id id) {
            if (first <= id && id <= last) found.insert(id);
        };
        for (const auto& [key, claimed] : open_) note(claimed.run.run.id);
        for (const auto& [name, chain] : chains_)
            for (const history_entry& e : chain.ended)
                if (const auto* run = std::get_if<run_record>(&e.what)) note(run->id);
        std::vector<run_id> out(found.begin(), found.end());
        if (out.size() > limit) out.resize(limit);
        return out;
    }

    std::vector<run_record> runs(const std::string& chain) const
    {
        std::vector<run_record> out;
        const auto at = chains_.find(chain);
        if (at == chains_.end()) return out;
        for (const history_entry& e : at->second.ended)
            if (const auto* run = std::get_if<run_record>(&e.what)) out.push_back(*run);
        return out;
    }

    std::vector<missed_record> missed() const
    {
        history_page all = find({.limit = options_.keep_runs_in_all});
        std::vector<missed_record> out;
        for (const history_entry& e : all.entries)
            if (const auto* m = std::get_if<missed_record>(&e.what)) out.push_back(*m);
        std::reverse(out.begin(), out.end());
        return out;
    }

private:
    struct chain_state {
        std::vector<instant> claimed{};    // the latest, in the order of their claims
        std::deque<history_entry> ended{}; // oldest first
    };

    static const run_record* find_ended(const chain_state& chain, run_id id)
    {
        for (const history_entry& e : chain.ended)
            if (const auto* run = std::get_if<run_record>(&e.what); run && run->id == id)
                return run;
        return nullptr;
    }

    void take_back(const returned_claim& r)
    {
        const auto at = open_.find({r.chain, r.scheduled_at});
        if (at == open_.end() || at->second.run.run.id != r.run) return;
        if (r.what == returned_claim::kind::withdrawn) {
            open_.erase(at);
            std::erase(chains_[r.chain].claimed, r.scheduled_at);
            return;
        }
        at->second.owner = 0;
        at->second.run.may_have_begun = r.what == returned_claim::kind::begun;
    }

    claim claim_one(const claim_request& r, instant now, int owner)
    {
        const auto open = open_.find({r.chain, r.scheduled_at});
        open_run taken{.run = {}, .due = r.due, .recovers = r.recovers};
        if (r.what == claim_request::kind::recovered) {
            if (open == open_.end() || open->second.owner != 0) return {};
            taken.run = std::move(open->second.run.run);
        } else if (r.what == claim_request::kind::retried) {
            const run_record* known = find_ended(chains_[r.chain], r.run);
            if (open != open_.end()) {
                // The record of one that crashed is closed first.
                if (open->second.owner != 0 || open->second.run.run.id != r.run) return {};
                known = &open->second.run.run;
            }
            if (known == nullptr) return {};
            taken.run = *known;
            reopen(taken.run.jobs);
        } else if (open != open_.end() || !is_new(chains_[r.chain], r.scheduled_at)) {
            return {};
        }
        fence_ = std::max<std::int64_t>(fence_ + 1, now.time_since_epoch().count());
        run_record& run = taken.run;
        run.id = r.run;
        run.chain = r.chain;
        run.scheduled_at = r.scheduled_at;
        run.trigger = r.trigger;
        run.fence = fence_;
        run.outcome = {};
        if (r.what != claim_request::kind::recovered) run.started_at = std::max(now, r.due);
        open_.put({r.chain, r.scheduled_at}, {std::move(taken), owner});
        return {.won = true, .fence = fence_};
    }

    /** Whether nobody has claimed the instant, which is known as claimed from now on. */
    bool is_new(chain_state& chain, instant at) const
    {
        auto& claimed = chain.claimed;
        if (std::find(claimed.begin(), claimed.end(), at) != claimed.end()) return false;
        if (claimed.size() >= options_.keep_claims) claimed.erase(claimed.begin());
        claimed.push_back(at);
        return true;
    }

    void remember(const std::vector<job_memory>& memories)
    {
        std::vector<job_memory> fresh;
        for (const job_memory& m : memories) {
            const auto known = memories_.find(m);
            if (known != memories_.end())
                *known = m;
            else
                fresh.push_back(m);
        }
        if (fresh.size() > memories_.size() / 2) memories_.reserve(memories_.size() + fresh.size());
        memories_.insert(
            std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    }

    template <class T>
    void append(const std::string& chain, instant at, T what)
    {
        auto& ended = chains_[chain].ended;
        ended.push_back({.cursor = ++last_cursor_, .at = at, .what = std::move(what)});
        order_.emplace_back(chain, last_cursor_);
        if (ended.size() > options_.keep_runs) ended.pop_front();
        if (order_.size() > options_.keep_runs_in_all) forget_oldest();
    }

    void forget_oldest()
    {
        const auto [chain, cursor] = std::move(order_.front());
        order_.pop_front();
        // Unless its chain has forgotten it already.
        const auto at = chains_.find(chain);
        if (at == chains_.end()) return;
        auto& ended = at->second.ended;
        if (!ended.empty() && ended.front().cursor == cursor) ended.pop_front();
        // A job that was removed, or that runs too rarely to be worth its room.
        if (ended.empty() && !open_.has_chain(chain)) chains_.erase(at);
    }

    memory_store_options options_;
    int owners_ = 0;
    open_runs open_;
    std::map<std::string, chain_state> chains_;
    boost::container::flat_set<job_memory, by_job> memories_; // a hundred thousand, but small
    std::deque<std::pair<std::string, std::int64_t>> order_;  // chain and cursor, oldest first
    std::int64_t last_cursor_ = 0;
    std::int64_t fence_ = 0;
};

class memory_store::reader final : public store_reader {
public:
    explicit reader(std::shared_ptr<const memory> of) : memory_(std::move(of)) {}

    bool has_daemon() const override { return false; }
    history_page find(const history_query& query) override { return memory_->find(query); }
    std::optional<run_record> find_run(run_id run) override { return memory_->find_run(run); }

    std::vector<run_id> find_ids(run_id first, run_id last, std::size_t limit) override
    {
        return memory_->find_ids(first, last, limit);
    }

    std::vector<std::vector<run_record>>
    latest_runs(const std::vector<std::string>& chains, std::size_t limit) override
    {
        std::vector<std::vector<run_record>> out;
        for (const std::string& chain : chains) {
            auto& runs = out.emplace_back(memory_->runs(chain));
            std::reverse(runs.begin(), runs.end());
            if (runs.size() > limit) runs.resize(limit);
        }
        return out;
    }

    std::vector<unended_run> open_runs() override { return memory_->unended(); }
    std::vector<job_memory> memories() override { return memory_->memories(); }

private:
    std::shared_ptr<const memory> memory_;
};

memory_store::memory_store(asio::any_io_executor ex, memory_store_options options)
    : executor_(std::move(ex)), memory_(std::make_shared<memory>(options)),
      owner_(memory_->add_owner())
{}

memory_store::memory_store(asio::any_io_executor ex, const memory_store& shared)
    : executor_(std::move(ex)), memory_(shared.memory_), owner_(memory_->add_owner()),
      is_shared_(true)
{}

memory_store::~memory_store() { disconnect(); }

void memory_store::disconnect()
{
    if (std::exchange(connected_, false)) memory_->owner_is_gone(owner_);
}

std::vector<run_record> memory_store::runs(const std::string& chain) const
{
    return memory_->runs(chain);
}

std::vector<missed_record> memory_store::missed() const { return memory_->missed(); }

std::unique_ptr<store_reader> memory_store::open_reader() const
{
    return std::make_unique<reader>(memory_);
}

void memory_store::load(load_handler handler)
{
    detail::pending<void(error_code, recollection)> answer(executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, memory_->load());
}

void memory_store::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    detail::pending<void(error_code, std::vector<claim>)> answer(executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, memory_->commit_changes(*batch, now, owner_));
}

void memory_store::save_progress(run_id run, job_record job, plain_handler handler)
{
    if (connected_) memory_->save_progress(run, std::move(job));
    detail::pending<void(error_code)>(executor_, std::move(handler))
        .complete(connected_ ? error_code{} : errc::not_running);
}

void memory_store::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    if (connected_) memory_->finish(*run);
    detail::pending<void(error_code)>(executor_, std::move(handler))
        .complete(connected_ ? error_code{} : errc::not_running);
}

void memory_store::find(history_query query, find_handler handler)
{
    detail::pending<void(error_code, history_page)> answer(executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, memory_->find(query));
}

void memory_store::find_run(run_id run, find_run_handler handler)
{
    detail::pending<void(error_code, std::optional<run_record>)> answer(
        executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, memory_->find_run(run));
}

} // namespace carillon
