#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

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
/** Closes with a FIN, or an RST where the peer's bytes lie unread. */
struct close {};
/** Closes with an RST. */
struct reset {};
/** Neither reads nor writes until the server stops. */
struct hang {};

} // namespace server_does

using server_step = std::variant<
    server_does::read_request,
    server_does::read_head,
    server_does::write,
    server_does::trickle,
    server_does::flood,
    server_does::close,
    server_does::reset,
    server_does::hang>;

/** At its end the server is silent and reads until the peer closes. */
using server_script = std::vector<server_step>;

/**
 * A server on a loopback port of the system's choice, unless a test names one, that plays one
 * script for each connection.
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
    ~misbehaving_server();

    std::uint16_t port() const;

    /** Accepts no more, and lets go of connections that hang. */
    void stop();

    std::size_t accepted() const;
    std::size_t open() const;
    /** Steps that have ended, of all connections together. */
    std::size_t steps_done() const;
    const std::vector<received>& requests() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

/** A port of 127.0.0.1 that refuses connections for as long as this lives. */
class closed_port {
public:
    explicit closed_port(boost::asio::io_context& ctx);

    std::uint16_t port() const;

private:
    boost::asio::ip::tcp::socket bound_;
};

/** A port that neither accepts nor refuses: its queue is full, so that the system drops what
 * knocks. */
class silent_port {
public:
    explicit silent_port(boost::asio::io_context& ctx, const char* address = "127.0.0.1");

    std::uint16_t port() const;

private:
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<boost::asio::ip::tcp::socket> queue_;
};

/** Whether this machine has `::1`. */
bool has_ipv6_loopback();

} // namespace carillon::test
