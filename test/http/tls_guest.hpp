#pragma once

#include "http/tls_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

/** A client of TLS that is not ours, for the tests of what the tests of TLS stand on. */
namespace carillon::test {

inline const std::string guest_request = "GET / HTTP/1.1\r\n\r\n";
inline const std::string guest_tunnel = "CONNECT api.test:443 HTTP/1.1\r\n\r\n";
inline const std::string tunnel_stands = "HTTP/1.1 200 OK\r\n\r\n";
/// A guest reads no more of a reply.
inline constexpr std::size_t max_guest_reply_bytes = 1'000'000;

using generic_endpoint = boost::asio::generic::stream_protocol::endpoint;

/** How a client comes. */
struct guest {
    std::string ca_file{}; // empty: it trusts anybody
    std::string host = "api.test";
    std::optional<credentials> own{};
    std::shared_ptr<SSL_SESSION> earlier{};
    tls_version version = tls_version::v1_3; // the newest that it speaks
    bool by_proxy = false;                   // it asks for a tunnel first
};

/** What it met; shared with its coroutine, which a failed test may outlive. */
struct meeting {
    error_code shaken;
    error_code end; // that of reading, after the handshake
    std::string reply;
    std::shared_ptr<SSL_SESSION> later; // to resume
    bool is_over = false;
};

boost::asio::awaitable<void> visit(generic_endpoint at, guest who, std::shared_ptr<meeting> out);

/** Does without TLS what the other does with it, and says when it has no more to say. */
boost::asio::awaitable<void>
visit_plainly(generic_endpoint at, std::string text, std::shared_ptr<meeting> out);

} // namespace carillon::test
