#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <functional>
#include <list>

namespace ops_console {

using request = boost::beast::http::request<boost::beast::http::string_body>;
using response = boost::beast::http::response<boost::beast::http::string_body>;

/**
 * A small HTTP/1.1 server on a loopback port that the system chooses.
 *
 * All work happens on the executor, which must run one thing at a time. Must outlive @ref run.
 */
class server {
public:
    /** Gives status, fields and body of the answer; called on the executor. */
    using handler = std::function<response(const request&)>;

    /** Listens from now on; connections wait until @ref run. Throws `boost::system::system_error`.
     */
    server(const boost::asio::any_io_executor& ex, handler answer);

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /** Serves until @ref stop; completes when the last connection has ended. Not cancellable. */
    boost::asio::awaitable<void> run();

    /** Stops listening, closes idle connections, and lets requests under way be answered. */
    void stop();

private:
    struct connection {
        explicit connection(boost::asio::ip::tcp::socket s) : stream(std::move(s)) {}

        boost::beast::tcp_stream stream;
        bool reading = false;
    };

    void begin(boost::asio::ip::tcp::socket accepted);
    boost::asio::awaitable<void> serve(connection& c);

    boost::asio::any_io_executor executor_;
    handler answer_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer changed_; // its wait ends when a connection has
    std::list<connection> connections_; // each belongs to the coroutine that serves it
    bool stopping_ = false;
};

} // namespace ops_console
