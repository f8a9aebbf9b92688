#include <carillon/detail/pending.hpp>
#include <carillon/store/memory_store.hpp>

#include <algorithm>
#include <iterator>

namespace asio = boost::asio;

namespace carillon {

memory_store::memory_store(asio::any_io_executor ex, memory_store_options options)
    : executor_(std::move(ex)), options_(options)
{}

std::vector<run_record> memory_store::runs(const std::string& chain) const
{
    const auto at = chains_.find(chain);
    if (at == chains_.end()) return {};
    std::vector<run_record> out;
    for (const ended_run& ended : at->second.done) out.push_back(ended.run);
    return out;
}

void memory_store::load(load_handler handler)
{
    detail::pending<void(error_code, std::vector<job_memory>)>(executor_, std::move(handler))
        .complete({}, std::vector<job_memory>(memories_.begin(), memories_.end()));
}

void memory_store::claim_all(claim_batch batch, instant now, claim_handler handler)
{
    std::vector<claim> claims;
    claims.reserve(batch.claims.size());
    for (const claim_request& request : batch.claims) claims.push_back(claim_one(request, now));
    std::vector<job_memory> fresh;
    for (job_memory& m : batch.memories) {
        const auto known = memories_.find(m);
        if (known != memories_.end())
            *known = std::move(m);
        else
            fresh.push_back(std::move(m));
    }
    if (fresh.size() > memories_.size() / 2) memories_.reserve(memories_.size() + fresh.size());
    memories_.insert(std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    for (const std::string& job : batch.forgotten)
        if (const auto known = memories_.find(job); known != memories_.end())
            memories_.erase(known);
    for (missed_record& m : batch.missed) missed_.push_back(std::move(m));
    while (missed_.size() > options_.keep_missed) missed_.pop_front();
    detail::pending<void(error_code, std::vector<claim>)>(executor_, std::move(handler))
        .complete({}, std::move(claims));
}

claim memory_store::claim_one(const claim_request& request, instant now)
{
    chain_state& chain =
        chains_.try_emplace(request.chain, chain_state{.fence = forgotten_fence_}).first->second;
    auto& claimed = chain.claimed;
    if (std::find(claimed.begin(), claimed.end(), request.scheduled_at) != claimed.end()) return {};
    if (claimed.size() >= options_.keep_claims) claimed.erase(claimed.begin());
    claimed.push_back(request.scheduled_at);
    ++chain.open;
    chain.fence = std::max<std::int64_t>(chain.fence + 1, now.time_since_epoch().count());
    return {.won = true, .fence = chain.fence};
}

void memory_store::record(run_record run, record_handler handler)
{
    chain_state& chain = chains_[run.chain];
    if (chain.open > 0) --chain.open;
    order_.emplace_back(run.chain, ++ended_);
    chain.done.push_back({ended_, std::move(run)});
    if (chain.done.size() > options_.keep_runs) chain.done.pop_front();
    if (order_.size() > options_.keep_runs_in_all) forget_oldest();
    detail::pending<void(error_code)>(executor_, std::move(handler)).complete({});
}

void memory_store::forget_oldest()
{
    const auto [chain, number] = std::move(order_.front());
    order_.pop_front();
    // Unless its chain has forgotten it already.
    const auto at = chains_.find(chain);
    if (at == chains_.end()) return;
    auto& done = at->second.done;
    if (!done.empty() && done.front().number == number) done.pop_front();
    // A job that is no more, or one that runs too rarely to be worth its room.
    if (done.empty() && at->second.open == 0) {
        forgotten_fence_ = std::max(forgotten_fence_, at->second.fence);
        chains_.erase(at);
    }
}

} // namespace carillon
