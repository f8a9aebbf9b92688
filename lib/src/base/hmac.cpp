#include "base/hmac.hpp"

#include <fmt/format.h>

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdexcept>

namespace carillon::detail {
namespace {

const unsigned char* bytes(std::string_view text) noexcept
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

std::string hmac_sha256(std::string_view key, std::string_view text)
{
    // A null key is no key to OpenSSL, and not an empty one.
    if (key.empty()) key = "";
    std::array<unsigned char, 32> digest{};
    unsigned size = digest.size();
    const unsigned char* done = HMAC(
        EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(),
        digest.data(), &size);
    if (done == nullptr) throw std::runtime_error("OpenSSL has no HMAC-SHA-256");
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

} // namespace carillon::detail
