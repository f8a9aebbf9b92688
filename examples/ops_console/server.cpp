#include "server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using namespace std::chrono_literals;

namespace ops_console {
namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

/// How long a connection may be silent, and how long the writing of an answer may take.
constexpr auto patience = 30s;

/// A shortage of descriptors is not over at once.
constexpr auto accept_pause = 100ms;

constexpr std::size_t max_body_bytes = 65'536;

} // namespace

server::server(const asio::any_io_executor& ex, handler answer)
    : executor_(ex), answer_(std::move(answer)),
      acceptor_(ex, {asio::ip::address_v4::loopback(), 0}), changed_(ex)
{}

asio::awaitable<void> server::run()
{
    // Whoever waits for the end must have waited for that of all connections.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());

    while (!stopping_) {
        auto [ec, accepted] = co_await acceptor_.async_accept(use_tuple);
        if (stopping_) break;
        if (!ec) {
            begin(std::move(accepted));
        } else {
            changed_.expires_after(accept_pause);
            co_await changed_.async_wait(use_tuple);
        }
    }
    changed_.expires_at(asio::steady_timer::time_point::max());
    while (!connections_.empty()) co_await changed_.async_wait(use_tuple);
}

void server::stop()
{
    stopping_ = true;
    beast::error_code ignored; // closed is closed
    acceptor_.close(ignored);
    changed_.cancel();
    for (connection& c : connections_)
        if (c.reading) c.stream.close();
}

void server::begin(asio::ip::tcp::socket accepted)
{
    const auto c = connections_.emplace(connections_.end(), std::move(accepted));
    // A failure of a connection ends only that connection.
    auto ended = [this, c](const std::exception_ptr&) {
        connections_.erase(c);
        changed_.cancel();
    };
    asio::co_spawn(executor_, serve(*c), std::move(ended));
}

asio::awaitable<void> server::serve(connection& c)
{
    beast::flat_buffer buffer;
    while (!stopping_) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(max_body_bytes);
        c.stream.expires_after(patience);
        c.reading = true;
        auto [ec, received] = co_await http::async_read(c.stream, buffer, parser, use_tuple);
        c.reading = false;
        if (ec) co_return; // gone, silent, or not talking HTTP

        const request req = parser.release();
        response res = answer_(req);
        res.version(req.version());
        res.keep_alive(req.keep_alive() && !stopping_);
        res.prepare_payload();
        c.stream.expires_after(patience);
        auto [write_ec, sent] = co_await http::async_write(c.stream, res, use_tuple);
        if (write_ec || !res.keep_alive()) co_return;
    }
}

} // namespace ops_console
