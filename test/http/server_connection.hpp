#pragma once

#include "http/tls_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <openssl/types.h>
#include <string>
#include <string_view>

namespace carillon::test {

/**
 * A server's end of a connection: bytes that are plain at first, and go through TLS after a
 * handshake.
 *
 * What gives a `bool` gives false where nothing can follow. One operation at a time.
 */
class server_connection {
public:
    using socket_type = boost::asio::generic::stream_protocol::socket;
    using time_point = boost::asio::steady_timer::time_point;

    server_connection(socket_type socket, std::size_t number);

    std::size_t number() const { return number_; }

    /** Below TLS. */
    socket_type& socket() { return socket_; }

    /** What has been read and not yet used. */
    std::string& buffer() { return buffer_; }

    /** Reads until the buffer has some bytes more. */
    boost::asio::awaitable<bool> read_some();
    /** Reads until the buffer has so many bytes. */
    boost::asio::awaitable<bool> read_as_far_as(std::size_t size);
    boost::asio::awaitable<bool> write(std::string_view text);

    /** Waits until then; false as soon as the connection is stopped. */
    boost::asio::awaitable<bool> wait_until(time_point then);

    /** Ends waits, now and later. */
    void stop();

    boost::asio::awaitable<tls_handshake> handshake(tls_server tls);
    /** Reads a ClientHello and writes so much of the answer; the connection stays plain. */
    boost::asio::awaitable<bool> half_handshake(tls_server tls, std::size_t bytes);
    /** Reads a ClientHello and answers with a fatal alert; the connection stays plain. */
    boost::asio::awaitable<bool> alert(std::uint8_t description);
    /** Tells the peer through TLS that nothing follows, and does not wait for it to say so too. */
    boost::asio::awaitable<bool> close_notify();

private:
    struct tls_end;
    using tls_operation = std::function<int(SSL*)>; // gives 1 for success

    boost::asio::awaitable<error_code> read_plain(std::string& to);
    boost::asio::awaitable<error_code> write_plain(std::string_view text);
    boost::asio::awaitable<bool> read_record();
    boost::asio::awaitable<error_code> perform(tls_operation op);
    std::shared_ptr<tls_end> make_end(const tls_server& tls);

    socket_type socket_;
    boost::asio::steady_timer timer_;
    std::size_t number_;
    bool is_stopped_ = false;
    std::string buffer_;
    std::shared_ptr<tls_end> tls_; // null while plain
    std::string asked_name_;
};

} // namespace carillon::test
