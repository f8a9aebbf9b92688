#pragma once

#include <carillon/secret.hpp>

#include <string>
#include <variant>

namespace carillon {

/** `Authorization: Bearer TOKEN` (RFC 6750). */
struct bearer_auth {
    secret token;

    friend bool operator==(const bearer_auth&, const bearer_auth&) = default;
};

/** `Authorization: Basic ...` (RFC 7617). */
struct basic_auth {
    /// Without a colon.
    std::string user;
    secret password;

    friend bool operator==(const basic_auth&, const basic_auth&) = default;
};

/**
 * A signature of the body in a header: `t=UNIX_SECONDS,v1=HEX`.
 *
 * HEX is HMAC-SHA-256 (RFC 2104) under the key of `UNIX_SECONDS`, a full stop and the body, so that
 * an endpoint can refuse what is forged, and what is old.
 */
struct hmac_auth {
    secret key;
    std::string header = "Carillon-Signature";

    friend bool operator==(const hmac_auth&, const hmac_auth&) = default;
};

/** How a request proves who sends it. */
using authentication = std::variant<std::monostate, bearer_auth, basic_auth, hmac_auth>;

} // namespace carillon
