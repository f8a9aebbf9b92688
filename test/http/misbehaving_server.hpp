#pragma once

#include "http/tls_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace carillon::test {

/** What the server does next with a connection. */
namespace server_does {

/** Reads one request, its body by Content-Length, and remembers it. */
struct read_request {};
/** Reads as far as the end of a request's head; of the body, what came with it. */
struct read_head {};
struct write {
    std::string text;
};
/** Writes a byte at a time. */
struct trickle {
    std::string text;
    std::chrono::milliseconds pace{5};
};
/** Writes again and again until the peer is gone. */
struct flood {
    std::string text;
};
struct pause {
    std::chrono::milliseconds span;
};
/** Writes no more, which the peer sees as an end, and goes on. */
struct half_close {};
/** Closes with a FIN, or an RST where the peer's bytes lie unread; of TLS, without its
 * close_notify. */
struct close {};
/** Closes with an RST. */
struct reset {};
/** Neither reads nor writes until the server stops. */
struct hang {};

/**
 * Shakes hands, after which all steps go through TLS.
 *
 * Where that fails the script ends: the peer gets the alert and an end, and is read from until it
 * closes too.
 */
struct handshake {
    tls_server tls;
};
/** Reads the ClientHello, writes the first bytes of the true answer, or all where it is shorter,
 * and goes on without TLS. */
struct half_handshake {
    tls_server tls;
    std::size_t bytes = 50;
};
/** Reads the ClientHello, answers with a fatal alert (RFC 8446 section 6) such as 40 for
 * handshake_failure, and goes on without TLS. */
struct alert {
    std::uint8_t description;
};
/** After a handshake: says through TLS that nothing follows, and goes on without an answer. */
struct close_notify {};

} // namespace server_does

using server_step = std::variant<
    server_does::read_request,
    server_does::read_head,
    server_does::write,
    server_does::trickle,
    server_does::flood,
    server_does::pause,
    server_does::half_close,
    server_does::close,
    server_does::reset,
    server_does::hang,
    server_does::handshake,
    server_does::half_handshake,
    server_does::alert,
    server_does::close_notify>;

/** At its end the server is silent and reads until the peer closes. */
using server_script = std::vector<server_step>;

/**
 * A server on a loopback port of the system's choice, unless a test names another place, that plays
 * one script for each connection.
 *
 * It speaks no HTTP but what the scripts say, and runs on the test's own `io_context`. Connections
 * end only as their scripts tell or when the peer closes, so a peer that leaves one open keeps the
 * context from running out of work.
 */
class misbehaving_server {
public:
    struct received {
        std::size_t connection = 0; // from 0
        std::string text;
    };

    /** Connections without a script of their own play the last one. */
    misbehaving_server(
        boost::asio::io_context& ctx,
        std::vector<server_script> scripts,
        const char* address = "127.0.0.1",
        std::uint16_t port = 0);
    /** On a unix socket, whose path must be free and stays behind. */
    misbehaving_server(
        boost::asio::io_context& ctx,
        std::vector<server_script> scripts,
        const boost::asio::local::stream_protocol::endpoint& at);
    ~misbehaving_server();

    /** 0 for a unix socket. */
    std::uint16_t port() const;

    /** Accepts no more, and lets go of connections that hang. */
    void stop();

    /** Closes every connection here and now, and goes on accepting. */
    void close_connections();

    std::size_t accepted() const;
    std::size_t open() const;
    /** Steps that have ended, of all connections together. */
    std::size_t steps_done() const;
    const std::vector<received>& requests() const;
    /** Handshakes that have ended, well or not, in that order; half ones are none. */
    const std::vector<tls_handshake>& handshakes() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace carillon::test
