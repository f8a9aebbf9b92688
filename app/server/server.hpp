#pragma once

#include <carillon/error.hpp>
#include <carillon/http/transport.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** A whole request, as a client sent it. */
struct server_request {
    /// In the client's case: `POST`.
    std::string method;
    /// What stood in the request line: path and query, not decoded.
    std::string target;
    std::vector<http::field> fields;
    std::string body;

    /** The first field of this name, in any case; null where there is none. */
    const std::string* find(std::string_view name) const noexcept;
};

/** What a handler answers. The server adds `Date`, `Content-Length` and `Connection`. */
struct server_response {
    int status = 200;
    /// Empty: no `Content-Type`.
    std::string content_type;
    /// Empty with the statuses that have none: 204 and 304. To a HEAD only its length is sent.
    std::string body;
    std::vector<http::field> fields;
};

/**
 * Answers one request; runs on the server's executor.
 *
 * Bounds its own time; a `terminal` cancellation reaches it when the server is cancelled. What it
 * throws becomes a 500 that does not say why.
 */
using request_handler = std::function<boost::asio::awaitable<server_response>(server_request)>;

/** The bounds of a @ref server; all spans are longer than zero. */
struct server_options {
    /// Connections at a time; further ones wait in the system's backlog.
    std::size_t max_connections = 64;
    /// Request line and header lines together; more is answered with 431.
    std::uint32_t max_header_bytes = 16 * 1024;
    /// More is answered with 413.
    std::size_t max_body_bytes = std::size_t{1024} * 1024;
    /// From the first byte of a request to its last; the connection is closed at its end, as with
    /// the spans below.
    std::chrono::steady_clock::duration read_timeout = std::chrono::seconds{10};
    /// One whole reply.
    std::chrono::steady_clock::duration write_timeout = std::chrono::seconds{10};
    /// Without a request: after connecting and between two of them.
    std::chrono::steady_clock::duration idle_timeout = std::chrono::seconds{60};
};

/**
 * A small HTTP/1.1 server (RFC 9112): kept connections, pipelining, `Expect: 100-continue`.
 *
 * All work happens on the executor, which must run one thing at a time: where its context has
 * several threads, give a strand and call members from within it.
 */
class server {
public:
    server(boost::asio::any_io_executor ex, request_handler handler, server_options options = {});

    /** Cancels what is under way; what the handler refers to must outlive @ref async_run. */
    ~server();

    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /**
     * Binds the one address that this server listens on; connections wait until @ref async_run.
     *
     * Port 0 lets the system choose: the answer has the real one. Errors: the system's, such as
     * `address_in_use`.
     */
    result<boost::asio::ip::tcp::endpoint> listen(const boost::asio::ip::tcp::endpoint& at);

    /**
     * Accepts and serves connections until it is stopped: `void(error_code)`.
     *
     * Completes when the last connection has ended: with success after @ref stop, with
     * `operation_aborted` after a cancellation, at once with @ref errc::not_running where nothing
     * listens and with @ref errc::already_running where it is under way already. A failure of a
     * connection ends only that connection.
     *
     * Cancellation: `total` and `partial` do what @ref stop does, `terminal` also cancels the
     * requests under way.
     */
    template <class CompletionToken>
    auto async_run(CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, server* self) { self->run(std::move(handler)); }, token, this);
    }

    /**
     * Stops listening, closes idle connections, and lets requests under way be answered.
     *
     * For good: the server cannot run again.
     */
    void stop();

private:
    class core;
    using run_handler = boost::asio::any_completion_handler<void(error_code)>;

    void run(run_handler handler);

    std::shared_ptr<core> core_;
};

} // namespace carillon::app
