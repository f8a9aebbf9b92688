#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <vector>

namespace carillon::test {

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
