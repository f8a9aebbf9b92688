#pragma once

#include <carillon/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http::detail {

using tcp_endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/** The result of looking a host up. */
struct lookup_answer {
    error_code ec{};
    tcp_endpoints found{};
};

/** The addresses that need no name server: those of IP literals, of `localhost` and of names that
 * end in `.localhost` (RFC 6761 section 6.3). */
tcp_endpoints known_addresses(std::string_view host, std::uint16_t port);

/** Asks the system's resolver, getaddrinfo(3), and blocks as long as it takes: 5 to 30 seconds if
 * no server answers. The ports of the endpoints are 0. */
lookup_answer look_up(const std::string& host);

} // namespace carillon::http::detail
