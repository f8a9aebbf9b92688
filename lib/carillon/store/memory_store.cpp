#include <carillon/detail/pending.hpp>
#include <carillon/store/memory_store.hpp>

#include <algorithm>

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

void memory_store::claim_batch(std::vector<claim_request> batch, instant now, claim_handler handler)
{
    std::vector<claim> claims;
    claims.reserve(batch.size());
    for (const claim_request& request : batch) claims.push_back(claim_one(request, now));
    detail::pending<void(error_code, std::vector<claim>)>(executor_, std::move(handler))
        .complete({}, std::move(claims));
}

claim memory_store::claim_one(const claim_request& request, instant now)
{
    chain_state& chain = chains_[request.chain];
    const auto is_same = [&](const ended_run& ended) {
        return ended.run.scheduled_at == request.scheduled_at;
    };
    if (chain.open.contains(request.scheduled_at) ||
        std::any_of(chain.done.begin(), chain.done.end(), is_same))
        return {};
    chain.open.insert(request.scheduled_at);
    chain.fence = std::max<std::int64_t>(chain.fence + 1, now.time_since_epoch().count());
    return {.won = true, .fence = chain.fence};
}

void memory_store::record(run_record run, record_handler handler)
{
    chain_state& chain = chains_[run.chain];
    chain.open.erase(run.scheduled_at);
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
    auto& done = chains_[chain].done;
    if (!done.empty() && done.front().number == number) done.pop_front();
}

} // namespace carillon
