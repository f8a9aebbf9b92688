#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <http/tls_server.hpp>
#include <stdexcept>

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

namespace carillon::test {
namespace {

void offer_versions(SSL_CTX* context, tls_version min, tls_version max)
{
    // OpenSSL 3 allows versions before 1.2 on its lowest security level only: their signatures are
    // made with SHA-1.
    if (min < tls_version::v1_2) SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0");
    if (SSL_CTX_set_min_proto_version(context, static_cast<int>(min)) != 1 ||
        SSL_CTX_set_max_proto_version(context, static_cast<int>(max)) != 1)
        throw std::invalid_argument("this OpenSSL lacks these versions of TLS");
}

void ask_for_certificate(ssl::context& context, const std::string& authority, bool require)
{
    context.add_certificate_authority(asio::buffer(authority));
    context.set_verify_mode(
        ssl::verify_peer | (require ? ssl::verify_fail_if_no_peer_cert : ssl::verify_none));
}

} // namespace

tls_server::tls_server(const tls_settings& settings)
    : context_(std::make_shared<ssl::context>(ssl::context::tls_server))
{
    offer_versions(context_->native_handle(), settings.min_version, settings.max_version);
    context_->use_certificate_chain(asio::buffer(settings.identity.certificate));
    context_->use_private_key(asio::buffer(settings.identity.key), ssl::context::pem);
    if (!settings.client_ca.empty()) {
        ask_for_certificate(*context_, settings.client_ca, settings.require_client_certificate);
    }
    // Sessions with a client's certificate are not resumed without one.
    static constexpr unsigned char sessions[] = "test";
    SSL_CTX_set_session_id_context(context_->native_handle(), sessions, sizeof sessions);
}

ssl::context& tls_server::context() const { return *context_; }

} // namespace carillon::test
