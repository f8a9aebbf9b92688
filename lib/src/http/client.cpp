#include "base/crash_point.hpp"
#include "http/connector.hpp"
#include "http/redirect.hpp"
#include "http/tcp_progress.hpp"
#include "http/wire.hpp"
#include <carillon/detail/spawn.hpp>
#include <carillon/http/client.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace asio = boost::asio;

namespace carillon::http {

using namespace detail;

namespace {

using time_point = std::chrono::steady_clock::time_point;

/** The result of a request on a connection. */
struct talk_result {
    error_code ec{};
    std::string detail{}; // what the code does not say
    std::size_t sent = 0;
    bool reply_has_begun = false;
    bool may_keep = false;
};

/**
 * Whether a kept connection was closed before any byte of the request reached its peer's machine.
 * Then the request cannot have been processed.
 *
 * Only an orderly end proves it: the peer's FIN came first. Linux shows that as end of file, or as
 * EPIPE after the RST that answers late bytes. An RST alone proves nothing: a process that has read
 * the request and died causes one, too, and need not have acknowledged what it read.
 */
bool was_dead(stream& kept, const talk_result& r, std::optional<std::uint64_t> written_before)
{
    if (r.reply_has_begun) return false;
    if (r.ec != errc::closed_early && r.ec != asio::error::broken_pipe) return false;
    if (!written_before) return r.sent == 0 && r.ec == asio::error::broken_pipe;
    const auto acknowledged = bytes_acknowledged(kept.socket().native_handle());
    return acknowledged && *acknowledged <= *written_before;
}

explained_error end_of_talk(deadline& limit, const talk_result& r)
{
    const error_code code = limit.cause_of(r.ec);
    return {code, code == r.ec ? r.detail : std::string()};
}

/** Makes the request the one that follows a redirect. */
explained_error go_on(request& req, response& res)
{
    auto next = follow(std::move(req), res);
    if (!next) return next.error();
    req = std::move(*next);
    res = {.redirected_to = req.target};
    return {};
}

} // namespace

class client::state {
public:
    state(const asio::any_io_executor& ex, client_options o)
        : executor(ex), options(std::move(o)),
          connections(
              std::make_shared<pool>(ex, pool_options{.idle_timeout = options.idle_timeout})),
          connections_to(ex, connections)
    {}

    asio::any_io_executor executor;
    client_options options;
    std::shared_ptr<pool> connections;
    connector connections_to;

    static asio::awaitable<std::tuple<error_code, response>>
    send(std::shared_ptr<state> self, request req, limits lim);

private:
    /** When connecting, and the whole exchange, time out. */
    struct ends {
        time_point connect;
        time_point all;
    };

    hop hop_to(const request& req) const;
    asio::awaitable<explained_error>
    follow_all(request& req, limits lim, time_point all, phase_clock& at, response& res);
    asio::awaitable<explained_error>
    exchange(const request& req, limits lim, ends until, phase_clock& at, response& res);
    asio::awaitable<talk_result> talk(
        stream& with,
        const request& req,
        std::string head,
        limits lim,
        phase_clock& at,
        response& res);
    asio::awaitable<explained_error>
    read_reply(stream& from, reply_reader& reader, const request& req, phase_clock& at);
};

asio::awaitable<std::tuple<error_code, response>>
client::state::send(std::shared_ptr<state> self, request req, limits lim)
{
    // A step that begins after a cancellation throws operation_aborted. The bridge, spawn(), makes
    // a code of it.
    response res;
    phase_clock at;
    const time_point all = std::chrono::steady_clock::now() + lim.timeout;
    explained_error failed = co_await self->follow_all(req, lim, all, at, res);
    at.write_to(res);
    if (failed) res.detail = std::move(failed.detail);
    co_return std::tuple{failed.code, std::move(res)};
}

asio::awaitable<explained_error>
client::state::follow_all(request& req, limits lim, time_point all, phase_clock& at, response& res)
{
    for (int left = req.route->redirects;; --left) {
        const auto now = std::chrono::steady_clock::now();
        const ends until{std::min(now + lim.connect_timeout, all), all};
        explained_error failed = co_await exchange(req, lim, until, at, res);
        if (failed || left == 0 || !is_redirect(res.status)) co_return failed;
        explained_error refused = go_on(req, res);
        if (refused) co_return refused;
    }
}

hop client::state::hop_to(const request& req) const
{
    hop h{.target = req.target, .unix_socket = req.route->unix_socket, .tls = req.route->tls};
    if (!h.unix_socket.empty()) return h;
    if (req.route->proxy) {
        // The job was validated with it.
        if (!req.route->proxy->empty()) h.proxy = parse_proxy(req.route->proxy->reveal()).value();
    } else if (const endpoint* usual = options.proxies.find(req.target)) {
        h.proxy = *usual;
    }
    return h;
}

asio::awaitable<explained_error>
client::state::exchange(const request& req, limits lim, ends until, phase_clock& at, response& res)
{
    const hop h = hop_to(req);
    const std::string key = h.key(connections_to.certificates().generation());
    const result<std::string> head = head_of(req, h.is_forwarded() ? &*h.proxy : nullptr);
    if (!head) co_return explained_error{head.error(), {}};
    std::unique_ptr<stream> connection;
    if (!req.is_sent_once) connection = connections->take(key);
    deadline limit(executor);
    if (connection) {
        limit.watch(connection->socket(), until.all);
        const auto written_before = connection->written_so_far();
        const talk_result r = co_await talk(*connection, req, *head, lim, at, res);
        limit.stop();
        if (limit.has_passed() || !was_dead(*connection, r, written_before)) {
            if (r.may_keep) connections->keep(key, std::move(connection));
            co_return end_of_talk(limit, r);
        }
        connection.reset();
    }

    explained_error failed =
        co_await connections_to.connect(h, until.connect, limit, at, connection);
    if (failed) co_return failed;
    if (req.on_connected) req.on_connected();
    limit.watch(connection->socket(), until.all);
    const talk_result r = co_await talk(*connection, req, *head, lim, at, res);
    limit.stop();
    if (r.may_keep) connections->keep(key, std::move(connection));
    co_return end_of_talk(limit, r);
}

asio::awaitable<talk_result> client::state::talk(
    stream& with, const request& req, std::string head, limits lim, phase_clock& at, response& res)
{
    at.enter(phase::send);
    talk_result r;
    auto [write_ec, sent, why] = co_await with.write({asio::buffer(head), asio::buffer(req.body)});
    r.sent = sent;
    r.ec = write_ec;
    if (r.ec == asio::error::operation_aborted || !with.socket().is_open()) co_return r;

    // A peer may refuse a request before it has read all of it. Its reply or its TLS alert says
    // more than our broken pipe. (By TLS 1.3 the alert about a client's certificate comes this
    // late.)
    if (!r.ec) at.enter(phase::first_byte);
    carillon::detail::crash_point("attempt.sent");
    reply_reader reader(
        req.method == "HEAD" ? reply_reader::reply_to::head : reply_reader::reply_to::other,
        {.max_header_bytes = options.max_header_bytes,
         .max_fields = options.max_header_fields,
         .max_body_bytes = lim.max_body_bytes});
    explained_error read = co_await read_reply(with, reader, req, at);
    if (!r.ec || !read || !read.detail.empty()) r.ec = read.code;
    r.detail = r.ec == errc::malformed_reply ? reader.fault() : std::move(read.detail);
    r.reply_has_begun = reader.has_begun();
    r.may_keep = !write_ec && !read && reader.may_keep();
    reader.take(res);
    co_return r;
}

asio::awaitable<explained_error>
client::state::read_reply(stream& from, reply_reader& reader, const request& req, phase_clock& at)
{
    while (!reader.is_done()) {
        const auto space = reader.space();
        auto [ec, n, why] = co_await from.read_some(asio::buffer(space.data(), space.size()));
        if (ec == asio::error::eof) co_return explained_error{reader.closed(), {}};
        if (ec) co_return explained_error{ec, std::move(why)};
        if (!reader.has_begun()) {
            at.enter(phase::body);
            // Only this shows that a kept connection still works.
            if (req.on_connected) req.on_connected();
        }
        if (const error_code wrong = reader.took(n)) co_return explained_error{wrong, {}};
    }
    co_return explained_error{};
}

client::client(asio::any_io_executor ex, client_options options)
    : executor_(ex), state_(std::make_shared<state>(ex, std::move(options)))
{}

client::~client() = default;

void client::close_idle() { state_->connections->close_idle(); }

void client::keep_at_least(std::size_t per_origin, std::size_t in_all)
{
    state_->connections->keep_at_least(per_origin, in_all);
}

void client::reload_certificates()
{
    state_->connections_to.certificates().forget();
    state_->connections->close_idle();
}

void client::set_proxies(proxy_rules proxies) { state_->options.proxies = std::move(proxies); }

void client::send(request req, const limits& lim, handler_type handler)
{
    carillon::detail::spawn<response>(
        executor_, state::send(state_, std::move(req), lim), std::move(handler));
}

} // namespace carillon::http
