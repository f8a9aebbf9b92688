#include "server/server_connection.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/chrono.h>

#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;

namespace carillon::app {
namespace {

using wire_parser = bhttp::request_parser<bhttp::string_body>;

using detail::use_tuple;

/// How much is read at a time while the size of the request is not known.
constexpr std::size_t read_size = 4096;

/// How long a client has to take the last reply before what it still sends resets the connection.
constexpr std::chrono::seconds linger_time{1};

server_response plain_response(int status)
{
    const auto reason = bhttp::obsolete_reason(static_cast<bhttp::status>(status));
    return {
        .status = status,
        .content_type = "text/plain",
        .body = std::string(reason) + "\n",
        .fields = {}};
}

/** What to answer to a request that could not be read; nothing if nobody is there to read it. */
std::optional<int> refusal(const error_code& ec)
{
    if (ec == bhttp::error::end_of_stream || ec == bhttp::error::partial_message)
        return std::nullopt;
    if (ec == bhttp::error::header_limit || ec == bhttp::error::buffer_overflow) return 431;
    if (ec == bhttp::error::body_limit) return 413;
    if (ec.category() == bhttp::make_error_code(bhttp::error::bad_version).category()) return 400;
    return std::nullopt;
}

/** Mistakes that Beast accepts: no host or two (RFC 9112 section 3.2), an unknown length (section
 * 6.3). */
bool is_ambiguous(const wire_parser& parser)
{
    const auto& head = parser.get();
    if (head.version() == 11 && head.count(bhttp::field::host) != 1) return true;
    return head.count(bhttp::field::transfer_encoding) != 0 && !parser.chunked();
}

bool expects_continue(const wire_parser& parser)
{
    const auto& head = parser.get();
    return !parser.is_done() && head.version() == 11 &&
           detail::equals_ignoring_case(head[bhttp::field::expect], "100-continue");
}

server_request take_request(wire_parser& parser)
{
    auto message = parser.release();
    server_request req{
        .method = std::string(message.method_string()),
        .target = std::string(message.target()),
        .fields = {},
        .body = std::move(message.body())};
    for (const auto& f : message)
        req.fields.push_back({std::string(f.name_string()), std::string(f.value())});
    return req;
}

/** RFC 9110 section 5.6.7. */
std::string http_date()
{
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
}

bool has_body(int status) { return status != 204 && status != 304; } // RFC 9110 section 6.4.1

/** The head of a reply (RFC 9112). HTTP/1.0 closes unless it is told otherwise, HTTP/1.1 does not.
 */
std::string head_of(const server_response& res, unsigned version, bool keep)
{
    std::string out = fmt::format(
        "HTTP/{}.{} {} {}\r\nDate: {}\r\n", version / 10, version % 10, res.status,
        std::string_view(bhttp::obsolete_reason(static_cast<bhttp::status>(res.status))),
        http_date());
    if (!res.content_type.empty()) out += "Content-Type: " + res.content_type + "\r\n";
    for (const http::field& f : res.fields) out += f.name + ": " + f.value + "\r\n";
    if (!keep && version > 10) out += "Connection: close\r\n";
    if (keep && version <= 10) out += "Connection: keep-alive\r\n";
    if (has_body(res.status)) out += fmt::format("Content-Length: {}\r\n", res.body.size());
    return out + "\r\n";
}

} // namespace

server_connection::server_connection(
    socket_type s, const request_handler& handler, const server_options& options)
    : handler_(handler), options_(options), stream_(std::move(s)),
      buffer_(options.max_header_bytes + 64 * 1024)
{
    error_code
        ignored; // not every kind of socket has it; without it a connection is slower, not wrong
    static_cast<void>(stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored));
}

void server_connection::stop()
{
    stopping_ = true;
    if (idle_) cancel();
}

asio::awaitable<void> server_connection::serve()
{
    // What is awaited, and what is converted for it, is named first, here and below, and within the
    // loop: g++ 12 miscompiles `if (co_await ...)`, destroys a temporary of the awaiting expression
    // twice, and, at -O2, loses an awaited bool assigned to a local that outlives the turn.
    while (!stopping_) {
        const bool has_request = co_await wait_for_request();
        if (!has_request) co_return;
        const bool usable = co_await exchange();
        if (!usable) co_return;
    }
}

asio::awaitable<bool> server_connection::wait_for_request()
{
    if (buffer_.size() > 0) co_return true; // sent along with the one before
    idle_ = true;
    stream_.expires_after(options_.idle_timeout);
    const auto space = buffer_.prepare(read_size);
    auto [ec, size] = co_await stream_.async_read_some(space, use_tuple);
    buffer_.commit(size);
    idle_ = false;
    co_return !ec;
}

/** One request and its reply; whether the connection may be used on. */
asio::awaitable<bool> server_connection::exchange()
{
    wire_parser parser;
    parser.header_limit(options_.max_header_bytes);
    parser.body_limit(options_.max_body_bytes);
    const error_code ec = co_await read(parser);
    if (const auto status = refusal(ec)) co_return co_await refuse(*status);
    if (ec) co_return false;

    const bool client_keeps = parser.keep_alive();
    const bool is_head = parser.get().method() == bhttp::verb::head;
    const unsigned version = parser.get().version();
    server_request req = take_request(parser);
    server_response res = co_await answer(std::move(req));

    const bool keep = client_keeps && !stopping_;
    std::string head = head_of(res, version, keep);
    if (is_head || !has_body(res.status)) res.body.clear();
    const bool written = co_await write(std::move(head), std::move(res.body));
    if (written && !keep) co_await linger();
    const bool usable = written && keep;
    co_return usable;
}

asio::awaitable<error_code> server_connection::read(wire_parser& parser)
{
    stream_.expires_after(options_.read_timeout);
    auto [ec, head_size] = co_await bhttp::async_read_header(stream_, buffer_, parser, use_tuple);
    if (ec) co_return ec;
    if (is_ambiguous(parser)) co_return bhttp::error::bad_field;
    if (expects_continue(parser)) {
        std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
        std::string nothing;
        const bool written = co_await send(std::move(interim), std::move(nothing));
        if (!written) co_return asio::error::broken_pipe;
    }
    auto [body_ec, body_size] = co_await bhttp::async_read(stream_, buffer_, parser, use_tuple);
    co_return body_ec;
}

/** Answers what cannot be read: the end, since where the next request begins is not known. */
asio::awaitable<bool> server_connection::refuse(int status)
{
    server_response res = plain_response(status);
    std::string head = head_of(res, 11, false);
    const bool written = co_await write(std::move(head), std::move(res.body));
    if (written) co_await linger();
    co_return false;
}

asio::awaitable<server_response> server_connection::answer(server_request req)
{
    try {
        auto answering = handler_(std::move(req));
        co_return co_await std::move(answering);
    } catch (...) {
        co_return plain_response(500); // what was thrown may say anything: not for a stranger
    }
}

asio::awaitable<bool> server_connection::write(std::string head, std::string body)
{
    stream_.expires_after(options_.write_timeout);
    const bool written = co_await send(std::move(head), std::move(body));
    co_return written;
}

/** Within the time that the stream has left. */
asio::awaitable<bool> server_connection::send(std::string head, std::string body)
{
    const std::array pieces{asio::buffer(std::as_const(head)), asio::buffer(std::as_const(body))};
    auto [ec, size] = co_await asio::async_write(stream_, pieces, use_tuple);
    co_return !ec;
}

/** RFC 9112 section 9.6: a client that still sends would lose the reply by an immediate close. */
asio::awaitable<void> server_connection::linger()
{
    idle_ = true;
    error_code ec;
    static_cast<void>(stream_.socket().shutdown(asio::socket_base::shutdown_send, ec));
    stream_.expires_after(linger_time);
    while (!ec && !stopping_) {
        buffer_.clear();
        const auto space = buffer_.prepare(read_size);
        auto [read_ec, size] = co_await stream_.async_read_some(space, use_tuple);
        ec = read_ec;
    }
}

} // namespace carillon::app
