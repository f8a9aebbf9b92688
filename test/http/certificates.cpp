#include <array>
#include <http/certificates.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <random>
#include <stdexcept>

using namespace std::chrono_literals;

namespace carillon::test {
namespace {

void require(bool holds)
{
    if (holds) return;
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    throw std::runtime_error(text.data());
}

std::shared_ptr<EVP_PKEY> make_key()
{
    std::shared_ptr<EVP_PKEY> key(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
    require(key != nullptr);
    return key;
}

std::string text_of(BIO* written)
{
    char* data = nullptr;
    const long size = BIO_get_mem_data(written, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    require(PEM_write_bio_X509(out.get(), certificate) == 1);
    return text_of(out.get());
}

std::string pem(EVP_PKEY* key)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    require(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return text_of(out.get());
}

/** Who signs; without a certificate, a key signs for itself. */
struct issuer {
    EVP_PKEY* key;
    X509* certificate;
};

/** A certificate as it grows, from its fields by way of its extensions to its signature. */
class draft {
public:
    draft(EVP_PKEY* key, const certificate_fields& fields, const issuer& by)
        : issuer_(by), certificate_(X509_new(), X509_free)
    {
        X509* c = certificate_.get();
        require(X509_set_version(c, X509_VERSION_3) == 1);
        std::random_device random;
        require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), random()) == 1);
        require(X509_gmtime_adj(X509_getm_notBefore(c), fields.not_before.count()) != nullptr);
        require(X509_gmtime_adj(X509_getm_notAfter(c), fields.not_after.count()) != nullptr);
        require(X509_set_pubkey(c, key) == 1);
        name(fields.common_name);
        extend(NID_subject_key_identifier, "hash");
        if (by.certificate != nullptr) extend(NID_authority_key_identifier, "keyid:always");
    }

    /** Adds an extension, its value as in x509v3_config(5). */
    void extend(int nid, const std::string& value)
    {
        X509V3_CTX context{};
        X509V3_set_ctx(&context, signer(), certificate_.get(), nullptr, nullptr, 0);
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
            X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), X509_EXTENSION_free);
        require(extension != nullptr);
        require(X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
    }

    std::shared_ptr<X509> sign()
    {
        require(X509_sign(certificate_.get(), issuer_.key, EVP_sha256()) != 0);
        return certificate_;
    }

private:
    X509* signer() const
    {
        return issuer_.certificate != nullptr ? issuer_.certificate : certificate_.get();
    }

    void name(const std::string& common_name)
    {
        X509_NAME* own = X509_get_subject_name(certificate_.get());
        require(
            X509_NAME_add_entry_by_NID(
                own, NID_commonName, MBSTRING_UTF8,
                reinterpret_cast<const unsigned char*>(common_name.data()),
                static_cast<int>(common_name.size()), -1, 0) == 1);
        require(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(signer())) == 1);
    }

    issuer issuer_;
    std::shared_ptr<X509> certificate_;
};

std::string alternative_names(const certificate_fields& fields)
{
    std::string out;
    const auto add = [&out](const char* kind, const std::string& name) {
        if (!out.empty()) out += ',';
        out += kind + name;
    };
    for (const std::string& name : fields.dns_names) add("DNS:", name);
    for (const std::string& address : fields.ip_addresses) add("IP:", address);
    return out;
}

std::shared_ptr<X509> sign_end(EVP_PKEY* key, const certificate_fields& fields, const issuer& by)
{
    draft d(key, fields, by);
    d.extend(NID_basic_constraints, "critical,CA:FALSE");
    d.extend(NID_key_usage, "critical,digitalSignature");
    d.extend(NID_ext_key_usage, fields.for_client ? "clientAuth" : "serverAuth");
    const std::string names = alternative_names(fields);
    if (!names.empty()) d.extend(NID_subject_alt_name, names);
    return d.sign();
}

std::shared_ptr<X509>
sign_authority(EVP_PKEY* key, const std::string& common_name, const issuer& by)
{
    draft d(key, {.common_name = common_name, .not_before = -48h, .not_after = 240h}, by);
    d.extend(NID_basic_constraints, "critical,CA:TRUE");
    d.extend(NID_key_usage, "critical,keyCertSign,cRLSign");
    return d.sign();
}

} // namespace

certificate_authority::certificate_authority(const std::string& common_name)
    : key_(make_key()), certificate_(sign_authority(key_.get(), common_name, {key_.get(), nullptr}))
{}

std::string certificate_authority::certificate() const { return pem(certificate_.get()); }

certificate_authority certificate_authority::intermediate(const std::string& common_name) const
{
    certificate_authority below = *this;
    below.key_ = make_key();
    below.certificate_ =
        sign_authority(below.key_.get(), common_name, {key_.get(), certificate_.get()});
    below.chain_ = below.certificate() + chain_;
    return below;
}

credentials certificate_authority::issue(const certificate_fields& fields) const
{
    const auto key = make_key();
    const auto own = sign_end(key.get(), fields, {key_.get(), certificate_.get()});
    return {pem(own.get()) + chain_, pem(key.get())};
}

credentials self_signed(const certificate_fields& fields)
{
    const auto key = make_key();
    const auto own = sign_end(key.get(), fields, {key.get(), nullptr});
    return {pem(own.get()), pem(key.get())};
}

std::string encrypted(const std::string& key)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> read(
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    std::string password = "password";
    require(
        PEM_write_bio_PKCS8PrivateKey(
            out.get(), read.get(), EVP_aes_256_cbc(), password.data(),
            static_cast<int>(password.size()), nullptr, nullptr) == 1);
    return text_of(out.get());
}

} // namespace carillon::test
