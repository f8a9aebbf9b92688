#include <carillon/runner/exchange.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon {
namespace {

std::string in_words(const error_code& ec, const std::string& detail)
{
    return detail.empty() ? describe(ec) : describe(ec) + " (" + detail + ")";
}

/** Tells whether the origin could be connected to; what says nothing of it is not told. */
void tell(origins::place& held, const error_code& ec, const http::response& reply)
{
    const bool has_connected = !ec || reply.phase > phase::handshake;
    // A certificate or a proxy's refusal comes from somebody who is there.
    const bool has_answered = outcome_of(ec) == outcome::rejected && ec != errc::tls_file_unusable;
    const bool is_our_own = ec == boost::system::errc::too_many_files_open ||
                            ec == boost::system::errc::too_many_files_open_in_system ||
                            ec == errc::queue_full;
    if (has_connected || has_answered)
        held.connected();
    else if (!is_our_own && (outcome_of(ec) == outcome::unreachable || ec == errc::timed_out))
        held.failed(ec, in_words(ec, reply.detail));
}

} // namespace

reply reply_of(const http::response& r)
{
    const std::string* const coding = r.find("Content-Encoding");
    return {
        .http_status = r.status,
        .reason_phrase = r.reason_phrase,
        .body = r.body,
        .content_encoding = coding != nullptr ? std::string_view(*coding) : std::string_view()};
}

asio::awaitable<exchange_result>
exchange(services& shared, http::request req, http::limits lim, time_budget budget)
{
    exchange_result out;
    out.reply.phase = phase::connect;
    const auto origins = shared.origins;
    const auto begun = shared.time.since_boot();
    const auto entry =
        co_await origins->async_enter(req.target.origin(), budget.left(), asio::use_awaitable);
    if (entry.error) {
        out.ec = entry.error;
        out.reply.detail = entry.detail;
        out.reply.phase_time = shared.time.since_boot() - begun;
        out.never_began = entry.error == errc::timed_out && entry.detail.empty();
        co_return out;
    }

    // A cancellation that came with the place would not reach what is begun now.
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        out.ec = asio::error::operation_aborted;
        co_return out;
    }
    const microseconds left = std::max(budget.left(), microseconds{1});
    if (left <= lim.timeout) out.cut_to = lim.timeout = left;
    req.on_connected = [weak = std::weak_ptr(entry.held)] {
        if (const auto held = weak.lock()) held->connected();
    };
    auto [ec, reply] = co_await shared.transport.async_send(
        std::move(req), lim, asio::as_tuple(asio::use_awaitable));
    tell(*entry.held, ec, reply);
    out.ec = ec;
    out.reply = std::move(reply);
    co_return out;
}

} // namespace carillon
