#pragma once

#include "server/server.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string>

namespace carillon::app {

/**
 * One connection of a @ref server: reads requests and writes replies, one after the other.
 *
 * For the server's files alone, so that nobody else meets Beast. The coroutine refers to the
 * object.
 */
class server_connection {
public:
    // Generic, so that any stream socket that can be accepted can be served.
    using protocol = boost::asio::generic::stream_protocol;
    using socket_type = boost::asio::basic_stream_socket<protocol>;

    /** `handler` and `options` must outlive the connection. */
    server_connection(socket_type s, const request_handler& handler, const server_options& options);

    /**
     * Serves until either side has enough; the socket is closed by the destructor.
     *
     * Throws where it is cancelled, which is done by @ref cancel.
     */
    boost::asio::awaitable<void> serve();

    /** What the one who spawns @ref serve connects it to. */
    boost::asio::cancellation_slot slot() { return cancel_.slot(); }

    /** Ends with the reply to the request under way, at once where there is none. */
    void stop();

    /** Ends at once. */
    void cancel() { cancel_.emit(boost::asio::cancellation_type::terminal); }

private:
    using parser_type = boost::beast::http::request_parser<boost::beast::http::string_body>;

    boost::asio::awaitable<bool> wait_for_request();
    boost::asio::awaitable<bool> exchange();
    boost::asio::awaitable<error_code> read(parser_type& parser);
    boost::asio::awaitable<server_response> answer(server_request req);
    boost::asio::awaitable<bool> refuse(int status);
    boost::asio::awaitable<bool> write(std::string head, std::string body);
    boost::asio::awaitable<bool> send(std::string head, std::string body);
    boost::asio::awaitable<void> linger();

    const request_handler& handler_;
    const server_options& options_;
    boost::beast::basic_stream<protocol> stream_;
    boost::beast::flat_buffer buffer_;
    boost::asio::cancellation_signal cancel_;
    bool idle_ = true; // waits for the client alone: no request is lost where it is closed
    bool stopping_ = false;
};

} // namespace carillon::app
