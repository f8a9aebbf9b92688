#include "http/tls_error.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace asio = boost::asio;

namespace carillon::http::detail {
namespace {

/// Of a certificate's names; somebody else chose how many there are, and how long.
constexpr int most_names = 3;
constexpr std::size_t longest_name = 100;

using memory_bio = std::unique_ptr<BIO, freed_by<BIO_free>>;
using general_names = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;

std::string text_of(BIO* bio)
{
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string date_of(const ASN1_TIME* time)
{
    const memory_bio out(BIO_new(BIO_s_mem()));
    return out && ASN1_TIME_print_ex(out.get(), time, ASN1_DTFLGS_ISO8601) == 1 ? text_of(out.get())
                                                                                : std::string();
}

std::string text_of(const X509_NAME* name)
{
    const memory_bio out(BIO_new(BIO_s_mem()));
    if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    return text_of(out.get()).substr(0, longest_name);
}

std::string text_of(const ASN1_STRING* text)
{
    return std::string(
               reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<std::size_t>(ASN1_STRING_length(text)))
        .substr(0, longest_name);
}

/** RFC 5280 section 4.2.1.6: the address's 4 or 16 bytes. */
std::string address_of(const ASN1_OCTET_STRING* bytes)
{
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(bytes));
    asio::ip::address_v4::bytes_type v4{};
    asio::ip::address_v6::bytes_type v6{};
    const unsigned char* const from = ASN1_STRING_get0_data(bytes);
    if (size == v4.size()) {
        std::copy_n(from, size, v4.begin());
        return asio::ip::address_v4(v4).to_string();
    }
    if (size != v6.size()) return "an address of a wrong size";
    std::copy_n(from, size, v6.begin());
    return asio::ip::address_v6(v6).to_string();
}

/** `a.example, 10.0.0.1`: the hosts that a certificate is for. */
std::string names_of(X509* certificate)
{
    const general_names all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string out;
    int named = 0;
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
        if (named++ == most_names) return out + ", ...";
        out += (out.empty() ? "" : ", ") +
               (name->type == GEN_DNS ? text_of(name->d.dNSName) : address_of(name->d.iPAddress));
    }
    return out.empty() ? "no host: it has no subjectAltName that names one" : out;
}

errc code_of_refusal(int x509_error)
{
    switch (x509_error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return errc::certificate_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return errc::certificate_not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return errc::certificate_wrong_host;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return errc::certificate_self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        return errc::certificate_untrusted;
    default:
        return errc::certificate_invalid;
    }
}

/** RFC 8446 section 6.2: what a server says of a client's certificate. */
bool is_about_client_certificate(int alert)
{
    switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case TLS13_AD_CERTIFICATE_REQUIRED:
        return true;
    default:
        return false;
    }
}

/** Whether OpenSSL found that the first bytes are of no TLS record. */
bool is_no_tls(int reason)
{
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_RECORD_LENGTH_MISMATCH;
}

std::string alert_text(int alert)
{
    // OpenSSL 3.0 has no words for those of TLS 1.3 (RFC 8446 section 6.2).
    std::string words = alert == TLS13_AD_CERTIFICATE_REQUIRED ? "certificate required"
                        : alert == TLS13_AD_MISSING_EXTENSION  ? "missing extension"
                                                               : SSL_alert_desc_string_long(alert);
    if (words == "unknown") words = "number " + std::to_string(alert);
    return "the server's alert: " + words;
}

explained_error explain_alert(int alert, bool owes_certificate)
{
    // TLS 1.2 has no alert of its own for a certificate that is missing (RFC 5246 section 7.4.6).
    const bool is_missing = owes_certificate && alert == SSL_AD_HANDSHAKE_FAILURE;
    if (!is_missing && !is_about_client_certificate(alert))
        return {errc::tls_failed, alert_text(alert)};
    return {
        errc::client_certificate_refused,
        (owes_certificate ? "it asks for one, and the job has none; " : "") + alert_text(alert)};
}

} // namespace

explained_error explain_refusal(X509_STORE_CTX& store)
{
    const int error = X509_STORE_CTX_get_error(&store);
    X509* const certificate = X509_STORE_CTX_get_current_cert(&store);
    explained_error out{code_of_refusal(error), {}};
    if (certificate == nullptr) {
        out.detail = X509_verify_cert_error_string(error);
        return out;
    }
    const std::string who =
        X509_STORE_CTX_get_error_depth(&store) > 0
            ? "that of its authority " + text_of(X509_get_subject_name(certificate)) + ", "
            : "";
    if (out.code == errc::certificate_expired)
        out.detail = who + "on " + date_of(X509_get0_notAfter(certificate));
    else if (out.code == errc::certificate_not_yet_valid)
        out.detail = who + "before " + date_of(X509_get0_notBefore(certificate));
    else if (out.code == errc::certificate_wrong_host)
        out.detail = "it is for " + names_of(certificate);
    else if (out.code == errc::certificate_self_signed)
        out.detail = "it is that of " + text_of(X509_get_subject_name(certificate));
    else if (out.code == errc::certificate_untrusted)
        out.detail = "issued by " + text_of(X509_get_issuer_name(certificate));
    else
        out.detail = who + X509_verify_cert_error_string(error);
    return out;
}

explained_error explain_tls_error(const error_code& ec, bool owes_certificate)
{
    if (ec == asio::ssl::error::stream_truncated) return {errc::closed_early, {}};
    if (ec.category() != asio::error::get_ssl_category()) return {ec, {}};

    const auto packed = static_cast<unsigned long>(ec.value());
    const int reason = ERR_GET_REASON(packed);
    const int alert = reason - SSL_AD_REASON_OFFSET;
    if (is_no_tls(reason)) return {errc::not_tls, {}};
    if (alert > 0 && alert < 256) return explain_alert(alert, owes_certificate);
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL)
        return {errc::tls_failed, "it offers no version of TLS from 1.2 on"};
    const char* words = ERR_reason_error_string(packed);
    return {errc::tls_failed, words != nullptr ? words : ec.message()};
}

std::string last_openssl_reason()
{
    const unsigned long error = ERR_peek_last_error();
    const char* const words = error != 0 ? ERR_reason_error_string(error) : nullptr;
    ERR_clear_error();
    return words != nullptr ? words : "unknown error of OpenSSL";
}

} // namespace carillon::http::detail
