#include <carillon/detail/spawn.hpp>
#include <carillon/http/client.hpp>
#include <carillon/http/pool.hpp>
#include <carillon/http/resolver.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

namespace carillon::http {
namespace {

using time_point = std::chrono::steady_clock::time_point;
using wire_request = bhttp::request<bhttp::string_body>;
using wire_parser = bhttp::response_parser<bhttp::string_body>;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

/// Interim replies (RFC 9110 section 15.2) before the one that counts; a peer that sends more sends
/// garbage.
constexpr int max_interim_replies = 16;

/** Beast's codes as the ones that the transport's contract names; others pass through. */
error_code translate(const error_code& ec)
{
    if (ec == beast::error::timeout) return errc::timed_out;
    if (ec == bhttp::error::header_limit || ec == bhttp::error::buffer_overflow)
        return errc::header_too_large;
    if (ec == bhttp::error::body_limit) return errc::body_too_large;
    if (ec == bhttp::error::end_of_stream || ec == bhttp::error::partial_message ||
        ec == asio::error::eof)
        return errc::closed_early;
    if (ec && ec.category() == bhttp::make_error_code(bhttp::error::bad_version).category())
        return errc::malformed_reply;
    return ec;
}

wire_request to_wire(request& req)
{
    wire_request wire;
    wire.method_string(req.method);
    wire.target(req.target.target);
    wire.version(11);
    wire.set(bhttp::field::host, req.target.host_header());
    for (const field& f : req.fields) wire.insert(f.name, f.value);
    wire.body() = std::move(req.body);
    wire.prepare_payload();
    return wire;
}

/** Takes what a parser has, whole or not. */
void take_reply(wire_parser& parser, response& res)
{
    if (!parser.is_header_done()) return;
    auto& message = parser.get();
    res.status = static_cast<int>(message.result_int());
    res.reason_phrase = std::string(message.reason());
    for (const auto& f : message)
        res.fields.push_back({std::string(f.name_string()), std::string(f.value())});
    res.body = std::move(message.body());
}

/** A reply that ends its connection's use, or one with bytes behind it that nobody asked for. */
bool may_keep(wire_parser& parser, const beast::flat_buffer& rest)
{
    return parser.is_done() && parser.keep_alive() && rest.size() == 0;
}

} // namespace

class client::state {
public:
    state(const asio::any_io_executor& ex, const client_options& options)
        : executor(ex), max_header_bytes(options.max_header_bytes), names(ex),
          connections(std::make_shared<pool>(
              ex,
              pool_options{
                  .max_per_origin = options.max_per_origin, .idle_timeout = options.idle_timeout}))
    {}

    asio::any_io_executor executor;
    std::uint32_t max_header_bytes;
    resolver names;
    std::shared_ptr<pool> connections;

    static asio::awaitable<std::tuple<error_code, response>>
    send(std::shared_ptr<state> self, request req, limits lim);

private:
    struct deadlines {
        time_point connect;
        time_point all;
    };

    asio::awaitable<error_code>
    exchange(std::string origin, request req, limits lim, deadlines until, response& res);
    asio::awaitable<error_code>
    connect(beast::tcp_stream& stream, const endpoint& target, time_point until, phase& at);
    asio::awaitable<error_code>
    talk(beast::tcp_stream& stream, wire_request wire, limits lim, response& res, bool& keep);
    asio::awaitable<error_code>
    read(beast::tcp_stream& stream, bool to_head, limits lim, response& res, bool& keep);
};

asio::awaitable<std::tuple<error_code, response>>
client::state::send(std::shared_ptr<state> self, request req, limits lim)
{
    // A step that is begun after a cancellation throws operation_aborted, which the bridge hands on
    // as a code.
    response res;
    const auto begun = std::chrono::steady_clock::now();
    std::string origin = req.target.origin();
    const auto place = co_await self->connections->acquire(origin, begun + lim.deadline);
    if (!place) co_return std::tuple{place.error(), std::move(res)};

    const auto now = std::chrono::steady_clock::now();
    const time_point all = std::min(now + lim.timeout, begun + lim.deadline);
    const deadlines until{std::min(now + lim.connect_timeout, all), all};
    const error_code ec =
        co_await self->exchange(std::move(origin), std::move(req), lim, until, res);
    co_return std::tuple{translate(ec), std::move(res)};
}

asio::awaitable<error_code>
client::state::exchange(std::string origin, request req, limits lim, deadlines until, response& res)
{
    std::optional<pool::socket> kept = connections->take(origin);
    const bool fresh = !kept;
    beast::tcp_stream stream =
        kept ? beast::tcp_stream(std::move(*kept)) : beast::tcp_stream(executor);
    if (fresh) {
        if (error_code ec = co_await connect(stream, req.target, until.connect, res.phase))
            co_return ec;
    }

    stream.expires_at(until.all);
    bool keep = false;
    wire_request wire = to_wire(req);
    const error_code ec = co_await talk(stream, std::move(wire), lim, res, keep);
    if (keep) connections->keep(origin, stream.release_socket());
    co_return ec;
}

asio::awaitable<error_code> client::state::connect(
    beast::tcp_stream& stream, const endpoint& target, time_point until, phase& at)
{
    at = phase::resolve;
    auto [resolve_ec, found] =
        co_await names.async_resolve(target.host, target.port, until, use_tuple);
    if (resolve_ec) co_return resolve_ec;

    at = phase::connect;
    error_code last = errc::no_address;
    for (std::size_t i = 0; i < found.size(); ++i) {
        // An address that answers nothing must leave time for those behind it.
        const auto left = until - std::chrono::steady_clock::now();
        if (left <= left.zero()) co_return errc::timed_out;
        // A socket that failed to connect must not try again (connect(2)), and the next address may
        // be of the other family.
        stream.close();
        stream.expires_after(left / static_cast<int>(found.size() - i));
        auto [ec] = co_await stream.async_connect(found[i], use_tuple);
        if (!ec) {
            error_code ignored; // a connection without it is slower, not wrong
            static_cast<void>(stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored));
            co_return error_code{};
        }
        if (ec == asio::error::operation_aborted) co_return ec;
        last = ec;
    }
    co_return last;
}

asio::awaitable<error_code> client::state::talk(
    beast::tcp_stream& stream, wire_request wire, limits lim, response& res, bool& keep)
{
    res.phase = phase::send;
    auto [ec, sent] = co_await bhttp::async_write(stream, wire, use_tuple);
    if (ec == asio::error::operation_aborted || ec == beast::error::timeout) co_return ec;

    // A peer may refuse a request before it has read all of it: its reply counts for more than our
    // broken pipe.
    const error_code while_writing = ec;
    ec = co_await read(stream, wire.method() == bhttp::verb::head, lim, res, keep);
    if (while_writing) keep = false;
    co_return ec&& while_writing ? while_writing : ec;
}

asio::awaitable<error_code>
client::state::read(beast::tcp_stream& stream, bool to_head, limits lim, response& res, bool& keep)
{
    res.phase = phase::first_byte;
    beast::flat_buffer buffer(max_header_bytes + 64 * 1024);
    for (int interim = 0; interim <= max_interim_replies; ++interim) {
        wire_parser parser;
        parser.header_limit(max_header_bytes);
        parser.body_limit(lim.max_body_bytes);
        parser.skip(to_head);
        auto [head_ec, head_bytes] =
            co_await bhttp::async_read_header(stream, buffer, parser, use_tuple);
        if (parser.got_some()) res.phase = phase::body;
        // A length over the bound is refused with the head, whose status is known by then.
        if (head_ec == bhttp::error::body_limit)
            res.status = static_cast<int>(parser.get().result_int());
        if (head_ec) co_return head_ec;
        if (parser.get().result_int() / 100 == 1) continue;

        res.phase = phase::body;
        auto [ec, bytes] = co_await bhttp::async_read(stream, buffer, parser, use_tuple);
        keep = !ec && may_keep(parser, buffer);
        take_reply(parser, res);
        co_return ec;
    }
    co_return errc::malformed_reply;
}

client::client(asio::any_io_executor ex, client_options options)
    : executor_(ex), state_(std::make_shared<state>(ex, options))
{}

client::~client() = default;

void client::close_idle() { state_->connections->close_idle(); }

void client::send(request req, const limits& lim, handler_type handler)
{
    detail::spawn<response>(
        executor_, state::send(state_, std::move(req), lim), std::move(handler));
}

} // namespace carillon::http
