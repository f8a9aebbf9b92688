#pragma once

#include "http/stream.hpp"
#include "http/tls_context.hpp"

#include <memory>
#include <string>

namespace carillon::http::detail {

/** A stream through TLS, of use once it has shaken hands. */
class tls_stream : public stream {
public:
    virtual boost::asio::awaitable<explained_error> handshake() = 0;
};

/** Errors: those of @ref tls_context::open. */
boost::system::result<std::unique_ptr<tls_stream>, explained_error> make_tls_stream(
    stream_socket socket,
    const std::shared_ptr<tls_context>& context,
    const endpoint& target,
    const std::string& server_name);

} // namespace carillon::http::detail
