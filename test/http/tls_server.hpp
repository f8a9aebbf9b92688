#pragma once

#include "http/certificates.hpp"
#include <carillon/error.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace carillon::test {

/** By the numbers that they have on the wire. */
enum class tls_version { v1_0 = 0x0301, v1_1 = 0x0302, v1_2 = 0x0303, v1_3 = 0x0304 };

struct tls_settings {
    credentials identity;
    /// In PEM: clients are asked for a certificate, and those that show one need one of this
    /// authority. Empty: they are not asked.
    std::string client_ca{};
    /// Without a certificate the handshake fails; needs `client_ca`.
    bool require_client_certificate = false;
    tls_version min_version = tls_version::v1_2;
    tls_version max_version = tls_version::v1_3;
};

/**
 * A server's side of TLS.
 *
 * Copies share their sessions: a client may resume on one connection what another connection or
 * server with the same value began. Throws where OpenSSL does not take the settings.
 */
class tls_server {
public:
    explicit tls_server(const tls_settings& settings);

    boost::asio::ssl::context& context() const;

private:
    std::shared_ptr<boost::asio::ssl::context> context_;
};

/** What a handshake came to. */
struct tls_handshake {
    std::size_t connection = 0; // from 0
    /// None, an alert of the client, `eof` where it went away, or what the server found wrong.
    error_code ec{};
    std::string server_name{}; // as the client asked for it (SNI); empty where it did not

    // These are known after success only.
    bool resumed = false;
    std::string client_subject{}; // such as "CN=someone"; empty without a certificate
    std::string version{};        // such as "TLSv1.3"
};

} // namespace carillon::test
