#pragma once

#include <carillon/secret.hpp>

#include <optional>
#include <string>

namespace carillon {

/** How TLS is spoken with an `https` endpoint. Paths name PEM files. */
struct tls_options {
    /// The certificates to trust; empty means the system's.
    std::string ca_file{};
    /// A client's certificate, with its chain; needs `key_file`.
    std::string cert_file{};
    std::string key_file{};
    /// The name to ask for (SNI, RFC 6066) and to find in the certificate; empty means the URL's
    /// host.
    std::string server_name{};
    /// Without it any certificate will do, and anybody may be on the other side.
    bool verify = true;

    friend bool operator==(const tls_options&, const tls_options&) = default;
};

/** By which way a request reaches its endpoint. */
struct route {
    tls_options tls{};
    /// A socket in the file system to connect to, whatever the URL's host; no proxy is used then.
    std::string unix_socket{};
    /// The URL of a proxy, `http://user:password@host:port`; empty for none. Not set, those of the
    /// client's options are used.
    std::optional<secret> proxy{};
    /// How many redirects are followed (RFC 9110 section 15.4).
    int redirects = 0;

    friend bool operator==(const route&, const route&) = default;
};

} // namespace carillon
