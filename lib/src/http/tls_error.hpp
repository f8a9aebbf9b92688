#pragma once

#include "http/tls_context.hpp"

#include <openssl/x509_vfy.h>
#include <string>

namespace carillon::http::detail {

/** Why OpenSSL refuses the certificate that it is looking at. */
explained_error explain_refusal(X509_STORE_CTX& store);

/** What an error of a TLS stream means, where no certificate was refused. `owes_certificate` is
 * whether the server has asked for a certificate of the client's, which has none. */
explained_error explain_tls_error(const error_code& ec, bool owes_certificate);

/** The newest of OpenSSL's errors on this thread in words; clears them. */
std::string last_openssl_reason();

} // namespace carillon::http::detail
