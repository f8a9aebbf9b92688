#include "http/pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace asio = boost::asio;

namespace carillon::http::detail {

pool::pool(const asio::any_io_executor& ex, pool_options options) : options_(options), expiry_(ex)
{}

void pool::keep_at_least(std::size_t per_origin, std::size_t in_all)
{
    options_.max_idle_per_origin = std::max(options_.max_idle_per_origin, per_origin);
    options_.max_idle = std::max(options_.max_idle, in_all);
}

std::unique_ptr<stream> pool::take(const std::string& key)
{
    const auto at = idle_.find(key);
    if (at == idle_.end()) return nullptr;
    std::unique_ptr<stream> found;
    while (!found && !at->second.empty()) {
        found = std::move(at->second.back().connection);
        at->second.pop_back();
        --count_;
        if (!found->is_quiet()) found.reset();
    }
    if (at->second.empty()) idle_.erase(at);
    return found;
}

void pool::keep(const std::string& key, std::unique_ptr<stream> s)
{
    if (!s->socket().is_open()) return; // a deadline has closed it
    if (count_ >= options_.max_idle && !close_one()) return;
    idle_streams& list = idle_[key];
    if (list.size() >= options_.max_idle_per_origin) {
        list.erase(list.begin());
        --count_;
    }
    list.push_back({std::move(s), std::chrono::steady_clock::now() + options_.idle_timeout});
    ++count_;
    if (!expiry_armed_) expire();
}

bool pool::close_one()
{
    if (idle_.empty()) return false;
    const auto any = idle_.begin();
    any->second.erase(any->second.begin());
    --count_;
    if (any->second.empty()) idle_.erase(any);
    return true;
}

/** Closes what has been idle too long, and sets the timer for the next one. */
void pool::expire()
{
    const auto now = std::chrono::steady_clock::now();
    auto next = time_point::max();
    for (auto it = idle_.begin(); it != idle_.end();) {
        idle_streams& list = it->second;
        count_ -= std::erase_if(list, [&](const idle_stream& s) { return s.expires <= now; });
        if (!list.empty()) next = std::min(next, list.front().expires);
        it = list.empty() ? idle_.erase(it) : std::next(it);
    }
    expiry_armed_ = next != time_point::max();
    if (!expiry_armed_) return;
    expiry_.expires_at(next);
    expiry_.async_wait([weak = weak_from_this()](error_code ec) {
        if (auto self = weak.lock(); self && !ec) self->expire();
    });
}

void pool::close_idle()
{
    idle_.clear();
    count_ = 0;
    expiry_armed_ = false;
    expiry_.cancel();
}

} // namespace carillon::http::detail
