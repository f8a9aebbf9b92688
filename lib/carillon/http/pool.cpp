#include <carillon/http/pool.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace asio = boost::asio;

namespace carillon::http {
namespace {

/** Whether an idle connection is still good: open, and nothing has come that no one asked for. */
bool is_quiet(asio::ip::tcp::socket& s)
{
    char byte = 0;
    return ::recv(s.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace

pool::pool(asio::any_io_executor ex, pool_options options)
    : executor_(std::move(ex)), options_(options), expiry_(executor_)
{}

pool::waiter::waiter(pool& p, std::string o, time_point until)
    : owner(p), origin(std::move(o)), timer(p.executor_, until)
{
    owner.origins_[origin].waiting.push_back(this);
}

/** Runs also where an `io_context` destroys the waiting coroutine before those that have places. */
pool::waiter::~waiter()
{
    if (granted) return;
    std::erase(owner.origins_[origin].waiting, this);
    owner.forget_if_unused(origin);
}

asio::awaitable<result<pool::permit>> pool::acquire(std::string origin, time_point until)
{
    origin_state& state = origins_[origin];
    if (state.used < options_.max_per_origin) {
        ++state.used;
        co_return permit(shared_from_this(), std::move(origin));
    }

    waiter self(*this, origin, until);
    auto [ec] = co_await self.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    // A place that was given is taken even where a cancellation came at the same time: the permit
    // gives it on.
    if (self.granted) co_return permit(shared_from_this(), std::move(origin));
    co_return ec ? ec : make_error_code(errc::timed_out);
}

void pool::release(const std::string& origin) noexcept
{
    origin_state& state = origins_[origin];
    if (state.waiting.empty()) {
        --state.used;
        forget_if_unused(origin);
        return;
    }
    waiter* next = state.waiting.front();
    state.waiting.pop_front();
    next->granted = true;
    next->timer.cancel();
}

std::optional<pool::socket> pool::take(const std::string& origin)
{
    const auto at = origins_.find(origin);
    if (at == origins_.end()) return std::nullopt;
    auto& idle = at->second.idle;
    while (!idle.empty()) {
        socket s = std::move(idle.back().connection);
        idle.pop_back();
        if (is_quiet(s)) return s;
    }
    return std::nullopt;
}

void pool::keep(const std::string& origin, socket s)
{
    auto& idle = origins_[origin].idle;
    if (idle.size() >= options_.max_idle_per_origin) idle.erase(idle.begin());
    idle.push_back({std::move(s), std::chrono::steady_clock::now() + options_.idle_timeout});
    if (!expiry_armed_) expire();
}

/** Closes what has been idle too long, and comes again when the next one will have been. */
void pool::expire()
{
    const auto now = std::chrono::steady_clock::now();
    auto next = time_point::max();
    for (auto it = origins_.begin(); it != origins_.end();) {
        auto& [origin, state] = *it;
        std::erase_if(state.idle, [&](const idle_socket& s) { return s.expires <= now; });
        if (!state.idle.empty()) next = std::min(next, state.idle.front().expires);
        const bool unused = state.used == 0 && state.waiting.empty() && state.idle.empty();
        it = unused ? origins_.erase(it) : std::next(it);
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
    for (auto& [origin, state] : origins_) state.idle.clear();
    std::erase_if(origins_, [](const auto& entry) {
        return entry.second.used == 0 && entry.second.waiting.empty();
    });
    expiry_armed_ = false;
    expiry_.cancel();
}

void pool::forget_if_unused(const std::string& origin)
{
    const auto at = origins_.find(origin);
    if (at == origins_.end()) return;
    const origin_state& state = at->second;
    if (state.used == 0 && state.waiting.empty() && state.idle.empty()) origins_.erase(at);
}

} // namespace carillon::http
