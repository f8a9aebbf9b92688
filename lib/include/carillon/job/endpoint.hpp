#pragma once

#include <carillon/error.hpp>
#include <carillon/secret.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** An absolute URL, taken apart into what a client needs. */
struct endpoint {
    /// In lower case: `http` or `https`.
    std::string scheme;
    /// Without the brackets of an IPv6 address.
    std::string host;
    std::uint16_t port = 80;
    /// Path and query: what stands in the request line.
    std::string target = "/";
    /// `user:password`, percent-decoded; empty where the URL has none. Sent as Basic credentials
    /// (RFC 7617).
    secret user_info;

    /** Whether it is reached by TLS. */
    bool is_secure() const noexcept { return scheme == "https"; }

    /** Host and port, as CONNECT names them (RFC 9110 section 9.3.6). */
    std::string authority() const;

    /** What a `Host` header says: the port only where it is not the scheme's own (RFC 9110
     * section 7.2). */
    std::string host_header() const;

    /** Scheme, host and port: connections and limits belong to it (RFC 9110 section 4.3.1). */
    std::string origin() const;

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/** Takes an absolute URL apart (RFC 3986); a fragment is cut. The error says what is wrong in
 * words. */
parse_result<endpoint> parse_endpoint(std::string_view url);

/** What @ref parse_endpoint would say against a URL, or nothing; for callers that need no more. */
std::optional<parse_error> endpoint_problem(std::string_view url);

/** Why a text cannot be a host's name, or empty where it can; an address of IPv4 is one. */
std::string_view host_name_problem(std::string_view name);

/** A URL without what may be secret, its user information and query: what logs show. */
std::string shown_url(std::string_view url);

/** A part of a URL's text: bytes from `begin` up to, not with, `end`. */
struct url_part {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/** Where a URL, absolute or not, holds secrets: its password, or its user where there is no
 * password, and query values with names such as `token`. A text that is no URL is searched as if
 * it were one. */
std::vector<url_part> secret_url_parts(std::string_view url);

/** Adds to `secrets` what a URL holds of them, also percent-decoded and as Basic credentials. */
void collect_url_secrets(std::string_view url, masker& secrets);

} // namespace carillon
