#pragma once

#include "server/server.hpp"
#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace carillon::app::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

using carillon::detail::use_tuple;

inline asio::awaitable<void> wait(std::chrono::steady_clock::duration span)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, span);
    co_await timer.async_wait(asio::use_awaitable);
}

/// Of the body that the target `/big` is answered with, in bytes.
inline constexpr std::size_t whole_of_big = std::size_t{64} << 20;

/** Says what it was asked. Some targets do more. */
inline asio::awaitable<server_response> echo(server_request req)
{
    server_response res{
        .status = 200,
        .content_type = "text/plain",
        .body = req.method + " " + req.target + " " + req.body,
        .fields = {{"X-Extra", "yes"}}};
    if (req.target == "/throw") throw std::runtime_error("a private matter");
    if (req.target == "/hang") co_await wait(1h);
    if (req.target == "/slow") co_await wait(50ms);
    if (req.target == "/big") res.body.assign(whole_of_big, 'x');
    if (req.target == "/nothing")
        res = {.status = 204, .content_type = "", .body = "", .fields = {}};
    if (const std::string* name = req.find("x-name")) res.body += *name;
    co_return res;
}

inline std::string get(const std::string& target, const std::string& more = "")
{
    return "GET " + target + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n";
}

inline std::string get_and_close(const std::string& target)
{
    return get(target, "Connection: close\r\n");
}

inline bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

inline std::size_t count(const std::string& text, const std::string& part)
{
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

/** A client that says what it likes. */
class raw_client {
public:
    raw_client(const asio::any_io_executor& ex, tcp::endpoint to) : socket_(ex), to_(std::move(to))
    {}

    asio::awaitable<void> connect() { co_await socket_.async_connect(to_, asio::use_awaitable); }

    /** Whether it could be sent. Asio lets nothing more be sent after a failure: it would wait. */
    asio::awaitable<bool> send(std::string text)
    {
        auto [ec, size] = co_await asio::async_write(socket_, asio::buffer(text), use_tuple);
        co_return !ec;
    }

    /** All that comes until the server closes. */
    asio::awaitable<std::string> read_all()
    {
        std::string text;
        auto into = asio::dynamic_buffer(text);
        auto [ec, size] = co_await asio::async_read(socket_, into, use_tuple);
        closed_by = ec;
        co_return text;
    }

    /** What comes until `mark` has come. */
    asio::awaitable<std::string> read_until(std::string mark)
    {
        std::string text;
        while (!has(text, mark)) {
            char c = 0;
            auto [ec, size] = co_await asio::async_read(socket_, asio::buffer(&c, 1), use_tuple);
            if (ec) break;
            text += c;
        }
        co_return text;
    }

    asio::awaitable<std::string> exchange(std::string text)
    {
        co_await connect();
        co_await send(std::move(text));
        co_return co_await read_all();
    }

    std::size_t available() { return socket_.available(); }
    void close() { socket_.close(); }

    error_code closed_by;

private:
    tcp::socket socket_;
    tcp::endpoint to_;
};

/** A server under way. A test is a coroutine beside it, at whose end the server is stopped. */
struct server_fixture {
    void start(server_options options = {}, request_handler handler = echo)
    {
        made.emplace(ctx.get_executor(), std::move(handler), options);
        const auto bound = made->listen({asio::ip::address_v4::loopback(), 0});
        BOOST_REQUIRE(bound.has_value());
        at = *bound;
        auto ended = [this](error_code ec) { outcome = ec; };
        made->async_run(asio::bind_cancellation_slot(cancel.slot(), std::move(ended)));
    }

    void run(asio::awaitable<void> body)
    {
        auto ended = [this](const std::exception_ptr& thrown) {
            made->stop();
            if (thrown) std::rethrow_exception(thrown);
        };
        asio::co_spawn(ctx, std::move(body), std::move(ended));
        ctx.run_for(30s);
        BOOST_TEST(ctx.stopped(), "work is left");
        BOOST_TEST(outcome.has_value());
    }

    raw_client client() { return raw_client(ctx.get_executor(), at); }

    /** What comes back for `text`, sent on a connection of its own. */
    std::string reply_to(std::string text)
    {
        std::string reply;
        run(exchange(std::move(text), reply));
        return reply;
    }

    asio::awaitable<void> exchange(std::string text, std::string& reply)
    {
        raw_client c = client();
        reply = co_await c.exchange(std::move(text));
    }

    asio::io_context ctx{1};
    std::optional<server> made;
    tcp::endpoint at;
    asio::cancellation_signal cancel;
    std::optional<error_code> outcome;
};

} // namespace carillon::app::test
