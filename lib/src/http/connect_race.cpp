#include "http/connect_race.hpp"

#include <carillon/detail/pending.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <optional>
#include <sstream>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace carillon::http::detail {
namespace {

/// RFC 8305 section 5, Connection Attempt Delay.
constexpr auto head_start = std::chrono::milliseconds{250};

std::string text_of(const tcp::endpoint& e)
{
    std::ostringstream out;
    out << e;
    return out.str();
}

/** Its sockets' and timers' waits own it. */
class race : public std::enable_shared_from_this<race> {
public:
    race(
        const asio::any_io_executor& ex, std::vector<tcp::endpoint> addresses, race_handler handler)
        : executor_(ex), addresses_(std::move(addresses)), stagger_(ex), limit_(ex),
          operation_(std::in_place, ex, std::move(handler))
    {}

    void start(std::chrono::steady_clock::time_point until)
    {
        until_ = until;
        limit_.expires_at(until);
        limit_.async_wait([self = shared_from_this()](const error_code& ec) {
            if (!ec) self->end({errc::timed_out, nullptr, self->tried_});
        });
        auto slot = operation_->slot();
        if (slot.is_connected())
            slot.assign([weak = weak_from_this()](asio::cancellation_type) {
                if (const auto self = weak.lock()) self->end({asio::error::operation_aborted});
            });
        try_next();
    }

private:
    void try_next()
    {
        stagger_.cancel();
        while (operation_ && next_ < addresses_.size()) {
            const tcp::endpoint& to = addresses_[next_++];
            tried_ = text_of(to);
            auto s = std::make_shared<tcp::socket>(executor_);
            error_code ec;
            static_cast<void>(s->open(to.protocol(), ec));
            if (!ec) return connect(std::move(s), to);
            last_ = {ec, nullptr, tried_};
            // Another address would need a descriptor as well. The caller may wait for one.
            if (lacks_descriptors(ec)) break;
        }
        if (operation_ && sockets_.empty()) end(last_);
    }

    void connect(std::shared_ptr<tcp::socket> s, const tcp::endpoint& to)
    {
        sockets_.push_back(s);
        s->async_connect(to, [self = shared_from_this(), s, name = tried_](const error_code& ec) {
            self->connected(s, ec, name);
        });
        if (next_ == addresses_.size()) return;
        stagger_.expires_after(next_wait());
        stagger_.async_wait([weak = weak_from_this()](const error_code& ec) {
            if (const auto self = weak.lock(); self && !ec) self->try_next();
        });
    }

    /** If little time is left, the addresses that are left share it. */
    std::chrono::steady_clock::duration next_wait() const
    {
        const auto left = until_ - std::chrono::steady_clock::now();
        const auto share = left / static_cast<int>(addresses_.size() - next_ + 1);
        return std::min<std::chrono::steady_clock::duration>(head_start, share);
    }

    void connected(
        const std::shared_ptr<tcp::socket>& s, const error_code& ec, const std::string& address)
    {
        if (!operation_) return;
        std::erase(sockets_, s);
        if (!ec) return end({{}, s, address});
        last_ = {ec, nullptr, address};
        try_next();
    }

    void end(race_result result)
    {
        if (!operation_) return;
        auto operation = std::exchange(operation_, std::nullopt);
        stagger_.cancel();
        limit_.cancel();
        error_code ignored;
        for (const auto& s : sockets_) static_cast<void>(s->close(ignored));
        sockets_.clear();
        std::move(*operation).complete(std::move(result));
    }

    asio::any_io_executor executor_;
    std::chrono::steady_clock::time_point until_;
    std::vector<tcp::endpoint> addresses_;
    std::size_t next_ = 0;
    std::string tried_; // last
    race_result last_{errc::no_address};
    std::vector<std::shared_ptr<tcp::socket>> sockets_; // that are connecting
    asio::steady_timer stagger_;
    asio::steady_timer limit_;
    std::optional<carillon::detail::pending<void(race_result)>> operation_;
};

} // namespace

std::vector<tcp::endpoint> interleave_families(std::vector<tcp::endpoint> addresses)
{
    if (addresses.empty()) return addresses;
    const auto family = addresses.front().protocol();
    const auto others =
        std::stable_partition(addresses.begin(), addresses.end(), [&](const tcp::endpoint& e) {
            return e.protocol() == family;
        });
    std::vector<tcp::endpoint> out;
    out.reserve(addresses.size());
    auto a = addresses.begin();
    auto b = others;
    while (a != others || b != addresses.end()) {
        if (a != others) out.push_back(*a++);
        if (b != addresses.end()) out.push_back(*b++);
    }
    return out;
}

void start_connect_race(
    const asio::any_io_executor& ex,
    std::vector<tcp::endpoint> addresses,
    std::chrono::steady_clock::time_point until,
    race_handler handler)
{
    std::make_shared<race>(ex, std::move(addresses), std::move(handler))->start(until);
}

} // namespace carillon::http::detail
