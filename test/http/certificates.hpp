#pragma once

#include <chrono>
#include <memory>
#include <openssl/types.h>
#include <string>
#include <vector>

namespace carillon::test {

/** What one end of TLS shows and proves, in PEM. */
struct credentials {
    std::string certificate; // the end's own first, then those that lead to the root, without it
    std::string key;
};

/** What a certificate says of its owner. */
struct certificate_fields {
    std::string common_name = "test";
    std::vector<std::string> dns_names{};    // may have a wildcard
    std::vector<std::string> ip_addresses{}; // literal
    /// Counted from now.
    std::chrono::seconds not_before = -std::chrono::hours{1};
    std::chrono::seconds not_after = std::chrono::hours{24};
    /// By its extended key usage it is for clients only, or else for servers only.
    bool for_client = false;
};

/**
 * Signs certificates, all with keys of their own on the curve P-256, made as the test runs.
 *
 * Copies are the same authority. Errors of OpenSSL are thrown.
 */
class certificate_authority {
public:
    /** A root, which signs itself. */
    explicit certificate_authority(const std::string& common_name = "test root");

    /** Its own certificate, in PEM; a root's is what to trust. */
    std::string certificate() const;

    /** An authority below this one, whose certificate comes with all that it issues. */
    certificate_authority intermediate(const std::string& common_name = "test intermediate") const;

    credentials issue(const certificate_fields& fields) const;

private:
    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
    std::string chain_; // from here as far as the root, without it
};

/** A certificate without an authority: signed with its own key. */
credentials self_signed(const certificate_fields& fields);

/** A key in PEM, encrypted with a password. */
std::string encrypted(const std::string& key);

} // namespace carillon::test
