#include "runner/attempt/exchange.hpp"

#include "base/crash_point.hpp"
#include "runner/attempt/request_maker.hpp"
#include <carillon/detail/use_tuple.hpp>
#include <carillon/job/job_templates.hpp>
#include <carillon/job/proxy_rules.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

std::string in_words(const error_code& ec, const std::string& detail)
{
    return detail.empty() ? describe(ec) : describe(ec) + " (" + detail + ")";
}

/// A connection that gets less time than this does not show whether the endpoint is up.
constexpr microseconds least_time_to_tell = std::chrono::seconds{1};

/** Whether an exchange shows that the origin cannot be connected to. It does not if we gave it too
 * little time, or lack descriptors or threads ourselves. */
bool shows_failure(const http::limits& lim, const exchange_result& r)
{
    if (r.ec == errc::timed_out)
        return !r.cut_to && std::min(lim.timeout, lim.connect_timeout) >= least_time_to_tell;
    return outcome_of(r.ec) == outcome::unreachable && r.ec != errc::queue_full &&
           !lacks_descriptors(r.ec);
}

/** Tells the circuit whether the origin could be connected to, if the exchange shows that. */
void report(
    limiter::permit& held,
    const run_secrets& secrets,
    const http::limits& lim,
    const exchange_result& r)
{
    const bool has_connected = !r.ec || r.reply.phase > phase::handshake;
    // Where a certificate is refused, or a proxy refuses, a server has answered.
    const bool has_answered = outcome_of(r.ec) == outcome::rejected &&
                              r.ec != errc::tls_file_unusable && r.ec != errc::malformed_request;
    if (has_connected || has_answered)
        held.connected();
    else if (shows_failure(lim, r))
        held.failed(r.ec, secrets.presentable(in_words(r.ec, r.reply.detail)));
}

std::string origin_of(const endpoint& target, const route& r)
{
    std::string out = target.origin();
    if (!r.unix_socket.empty()) return out + " through " + r.unix_socket;
    if (!r.proxy || r.proxy->empty()) return out;
    const auto proxy = parse_proxy(r.proxy->reveal());
    return proxy ? out + " through " + proxy->origin() : out;
}

/** Saves that a job which is delivered at most once may have been sent, before its first byte
 * leaves.
 */
asio::awaitable<error_code> mark_as_sent(const job_task& t, http::request& req)
{
    if (t.job.delivery == delivery_policy::at_least_once) co_return error_code{};
    req.is_sent_once = true;
    if (std::exchange(t.record.may_be_sent, true)) co_return error_code{};
    const error_code ec = co_await save_progress(t);
    if (ec) t.record.may_be_sent = false;
    co_return ec;
}

asio::awaitable<bool> is_cancelled()
{
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    co_return cancellation.cancelled() != asio::cancellation_type::none;
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

std::string origin_of(const job& j)
{
    // Placeholders stand only behind the host.
    const auto target = parse_endpoint(without_placeholders(j.url));
    return target ? origin_of(*target, *j.route) : std::string();
}

asio::awaitable<void> exchange(
    const job_task& t,
    http::request& req,
    http::limits lim,
    time_budget budget,
    std::optional<limiter::permit_result> permit,
    exchange_result& out)
{
    out = {};
    out.reply.phase = phase::connect;
    services& shared = t.shared;
    const auto begun = permit ? t.begun : shared.time.since_boot();
    if (!permit) {
        const auto limiter = shared.limiter;
        permit = co_await limiter->async_acquire(
            origin_of(req.target, *req.route), budget.left(), asio::use_awaitable);
    }
    if (permit->error) {
        out.ec = permit->error;
        out.reply.detail = permit->detail;
        out.reply.phase_time = shared.time.since_boot() - begun;
        out.never_began = permit->error == errc::timed_out && permit->detail.empty();
        co_return;
    }

    const error_code unkept = co_await mark_as_sent(t, req);
    if (unkept) {
        out.ec = errc::not_kept;
        out.reply.detail = describe(unkept);
        co_return;
    }
    // A cancellation that came meanwhile does not reach an operation that begins now.
    const bool was_cancelled = co_await is_cancelled();
    if (was_cancelled) {
        out.ec = asio::error::operation_aborted;
        co_return;
    }
    const microseconds left = std::max(budget.left(), microseconds{1});
    if (left <= lim.timeout) out.cut_to = lim.timeout = left;
    // Not before: an endpoint refuses a signature that is too old.
    sign(t.job, shared.time.now(), req);
    req.on_connected = [weak = std::weak_ptr(permit->held)] {
        if (const auto held = weak.lock()) held->connected();
    };
    crash_point("attempt.ready");
    auto [ec, reply] = co_await shared.transport.async_send(std::move(req), lim, use_tuple);
    crash_point("attempt.answered");
    out.ec = ec;
    out.reply = std::move(reply);
    report(*permit->held, t.secrets, lim, out);
}

asio::awaitable<error_code> save_progress(const job_task& t)
{
    const auto [ec] = co_await t.shared.store.async_save_progress(
        t.run.id, as_stored(t.record, t.wanted_values, t.secrets), use_tuple);
    if (ec) t.shared.emit(progress_failed{t.run, t.job, ec});
    co_return ec;
}

asio::awaitable<bool> wait(const job_task& t, microseconds span)
{
    // A cancellation does not end an operation that begins after it.
    const bool was_cancelled = co_await is_cancelled();
    if (was_cancelled) co_return false;
    co_await t.shared.time.async_wait_for(span, use_tuple);
    const bool is_so_now = co_await is_cancelled();
    co_return !is_so_now;
}

} // namespace carillon::detail
