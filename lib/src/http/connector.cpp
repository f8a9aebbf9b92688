#include "http/connector.hpp"

#include "http/connect_race.hpp"
#include "http/tls_stream.hpp"
#include "http/wire.hpp"
#include <carillon/detail/use_tuple.hpp>
#include <carillon/job/expectation.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon::http::detail {
namespace {

using carillon::detail::use_tuple;

/// Between two tries to get what is used up: a descriptor, or room in a socket's queue.
constexpr auto pause_between_tries = std::chrono::milliseconds{50};

/** Waits a little, but not beyond `until`. */
asio::awaitable<error_code> pause(const asio::any_io_executor& ex, deadline::time_point until)
{
    if (std::chrono::steady_clock::now() >= until) co_return errc::timed_out;
    asio::steady_timer timer(
        ex, std::min(until, std::chrono::steady_clock::now() + pause_between_tries));
    auto [ec] = co_await timer.async_wait(use_tuple);
    co_return ec;
}

std::string about_proxy(const endpoint& proxy, const std::string& detail)
{
    return "the proxy " + proxy.host_header() + (detail.empty() ? "" : ", ") + detail;
}

/** The result of a proxy's answer to CONNECT (RFC 9110 section 9.3.6). */
explained_error judge_tunnel(const endpoint& proxy, const response& answer)
{
    if (answer.status / 100 == 2) return {};
    return {
        answer.status / 100 == 5 ? errc::proxy_failed : errc::proxy_refused,
        about_proxy(proxy, describe_status(answer.status, answer.reason_phrase))};
}

} // namespace

std::string hop::key(std::uint64_t certificates) const
{
    std::string out = target.origin();
    const auto add = [&](std::string_view part) { (out += '\0').append(part); };
    add(unix_socket);
    if (proxy) add(proxy->origin()), add(proxy->user_info.reveal());
    if (target.is_secure()) {
        for (const auto& part : {tls.ca_file, tls.cert_file, tls.key_file, tls.server_name})
            add(part);
        add(tls.verify ? "verified" : "trusted blindly");
        add(std::to_string(certificates));
    }
    return out;
}

connector::connector(asio::any_io_executor ex, std::shared_ptr<pool> connections)
    : executor_(ex), connections_(std::move(connections)), names_(ex), files_(ex),
      certificates_(std::move(ex), files_)
{}

asio::awaitable<explained_error> connector::connect(
    const hop& h, time_point until, deadline& limit, phase_clock& at, std::unique_ptr<stream>& out)
{
    explained_error failed;
    if (!h.unix_socket.empty())
        failed = co_await connect_unix(h.unix_socket, until, at, out);
    else
        failed = co_await connect_tcp(h.proxy ? *h.proxy : h.target, until, at, out);
    if (failed) {
        if (h.proxy) failed.detail = about_proxy(*h.proxy, failed.detail);
        co_return failed;
    }
    limit.watch(out->socket(), until);
    if (!h.target.is_secure()) co_return failed;

    if (h.proxy) {
        failed = co_await open_tunnel(h, limit, *out);
        if (failed) co_return failed;
    }
    at.enter(phase::handshake);
    co_return co_await secure(h, until, limit, out);
}

asio::awaitable<explained_error> connector::connect_tcp(
    const endpoint& to, time_point until, phase_clock& at, std::unique_ptr<stream>& out)
{
    at.enter(phase::resolve);
    auto [ec, found] = co_await names_.async_resolve(to.host, to.port, until, use_tuple);
    if (ec) co_return explained_error{ec, to.host};

    at.enter(phase::connect);
    const auto addresses = interleave_families(std::move(found));
    for (;;) {
        race_result r =
            co_await async_connect_race(executor_, addresses, until, asio::use_awaitable);
        if (lacks_descriptors(r.error)) {
            const error_code waited = co_await wait_for_descriptor(until);
            if (!waited) continue;
            if (waited != errc::timed_out) r.error = waited;
        }
        if (r.error) co_return explained_error{r.error, std::move(r.address)};
        error_code ignored; // a connection without it is slower, not wrong
        static_cast<void>(r.winner->set_option(asio::ip::tcp::no_delay(true), ignored));
        out = make_plain_stream(stream_socket(std::move(*r.winner)));
        co_return explained_error{};
    }
}

/** Frees a descriptor, or waits a little for one to become free. */
asio::awaitable<error_code> connector::wait_for_descriptor(time_point until)
{
    if (connections_->close_one()) co_return error_code{};
    co_return co_await pause(executor_, until);
}

asio::awaitable<explained_error> connector::connect_unix(
    const std::string& path, time_point until, phase_clock& at, std::unique_ptr<stream>& out)
{
    at.enter(phase::connect);
    using protocol = asio::local::stream_protocol;
    for (;;) {
        protocol::socket s(executor_);
        auto [ec] = co_await s.async_connect(protocol::endpoint(path), use_tuple);
        // If the queue is full (connect(2), EAGAIN), Asio 1.81 takes the connection for one under
        // way, and then for one that is made.
        if (!ec) static_cast<void>(s.remote_endpoint(ec));
        if (!ec) {
            out = make_plain_stream(stream_socket(std::move(s)));
            co_return explained_error{};
        }
        const bool is_full = ec == asio::error::not_connected;
        if (is_full) ec = asio::error::try_again;
        const bool may_pass = is_full || lacks_descriptors(ec);
        if (!may_pass) co_return explained_error{ec, path};
        const error_code waited = co_await wait_for_descriptor(until);
        if (waited) co_return explained_error{waited == errc::timed_out ? ec : waited, path};
    }
}

asio::awaitable<explained_error>
connector::open_tunnel(const hop& h, deadline& limit, stream& through)
{
    const std::string head = connect_head(h.target, *h.proxy);
    const auto failed = [&](const error_code& ec, std::string_view why = {}) {
        const error_code code = ec == asio::error::eof ? make_error_code(errc::closed_early) : ec;
        return explained_error{limit.cause_of(code), about_proxy(*h.proxy, std::string(why))};
    };
    auto [write_ec, sent, nothing] = co_await through.write({asio::buffer(head), {}});
    if (write_ec) co_return failed(write_ec);

    reply_reader reader(reply_reader::reply_to::connect, {});
    while (!reader.is_done()) {
        const auto space = reader.space();
        auto [ec, n, why] = co_await through.read_some(asio::buffer(space.data(), space.size()));
        if (ec) co_return failed(ec);
        if (const error_code wrong = reader.took(n)) co_return failed(wrong, reader.fault());
    }
    response answer;
    reader.take(answer);
    co_return judge_tunnel(*h.proxy, answer);
}

asio::awaitable<explained_error>
connector::secure(const hop& h, time_point until, deadline& limit, std::unique_ptr<stream>& out)
{
    auto context = co_await certificates_.get(h.tls, until);
    if (!context) co_return context.error();
    limit.stop();
    auto secured = make_tls_stream(std::move(out->socket()), *context, h.target, h.tls.server_name);
    if (!secured) {
        out.reset(); // its socket was moved away
        co_return secured.error();
    }
    tls_stream& s = **secured;
    out = std::move(*secured);
    limit.watch(s.socket(), until);
    explained_error failed = co_await s.handshake();
    failed.code = limit.cause_of(failed.code);
    if (failed.code == errc::timed_out) failed.detail.clear();
    co_return failed;
}

} // namespace carillon::http::detail
