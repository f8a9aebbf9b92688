#include "http/resolver.hpp"

#include "http/host_addresses.hpp"
#include "http/lookup.hpp"
#include "http/lookup_queue.hpp"

#include <utility>

namespace asio = boost::asio;

namespace carillon::http::detail {

resolver::resolver(asio::any_io_executor ex, resolver_bounds max)
    : executor_(ex), queue_(std::make_shared<lookup_queue>(std::move(ex), max))
{}

resolver::~resolver() { queue_->close(); }

void resolver::resolve(std::string host, std::uint16_t port, time_point until, handler_type handler)
{
    auto l = std::make_shared<lookup>(executor_, std::move(handler));
    if (auto known = known_addresses(host, port); !known.empty())
        return l->finish({{}, std::move(known)});
    auto find = [host] { return look_up(host); };
    ask(std::move(l), std::move(host), std::move(find), port, until);
}

void resolver::perform(std::function<void()> work, time_point until, handler_type handler)
{
    auto done = [work = std::move(work)] {
        work();
        return lookup_answer{};
    };
    ask(std::make_shared<lookup>(executor_, std::move(handler)), {}, std::move(done), 0, until);
}

void resolver::ask(
    std::shared_ptr<lookup> l,
    std::string host,
    std::function<lookup_answer()> find,
    std::uint16_t port,
    time_point until)
{
    if (until <= std::chrono::steady_clock::now()) return l->finish({errc::timed_out, {}});
    l->watch(until, [weak = std::weak_ptr(l), queue = queue_, host](error_code ec) {
        auto abandoned = weak.lock();
        if (!abandoned) return;
        queue->withdraw(host, abandoned);
        abandoned->finish({ec, {}});
    });
    if (const error_code ec = queue_->push(std::move(host), std::move(find), {l, port}))
        l->finish({ec, {}});
}

} // namespace carillon::http::detail
