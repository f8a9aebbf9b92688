#include "http/tls_context.hpp"

#include "http/tls_error.hpp"
#include <carillon/detail/last_error.hpp>
#include <carillon/detail/use_tuple.hpp>
#include <carillon/http/tls_files.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace asio = boost::asio;

namespace carillon::http {
namespace detail {
namespace {

/// Between two looks whether another exchange has read the same files.
constexpr auto look_again = std::chrono::milliseconds{5};

/** Where an SSL object points to its notes. Asio uses the object's app data itself. */
int notes_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

tls_context::notes* notes_of(SSL* ssl)
{
    return static_cast<tls_context::notes*>(SSL_get_ex_data(ssl, notes_index()));
}

/** Keeps why a certificate is refused: afterwards OpenSSL knows but a number. */
int on_verify(int is_good, X509_STORE_CTX* store)
{
    if (is_good != 0) return is_good;
    auto* const ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    tls_context::notes* const n = notes_of(ssl);
    if (n != nullptr && !n->refusal) n->refusal = explain_refusal(*store);
    return is_good;
}

/** Notes that the server asks for the client's certificate, which is set for the context. */
int on_client_asked(SSL* ssl, void*)
{
    if (tls_context::notes* const n = notes_of(ssl); n != nullptr) n->client_is_asked = true;
    return 1;
}

/** Nobody is there to be asked for a password, as OpenSSL would do on a terminal; `was_asked` is
 * told that a file wants one. */
int no_password(char*, int, int, void* was_asked)
{
    if (was_asked != nullptr) *static_cast<bool*>(was_asked) = true;
    return 0;
}

/** Why a file that was to hold something in PEM form cannot be used. */
std::string why_unusable(const std::string& path, std::string_view what, bool wants_password)
{
    // Whether the file can be read at all matters more than what OpenSSL makes of it.
    std::FILE* const f = std::fopen(path.c_str(), "re");
    if (f == nullptr) {
        ERR_clear_error();
        return describe(carillon::detail::last_error());
    }
    std::fclose(f);
    const unsigned long error = ERR_peek_last_error();
    const bool says_nothing =
        error == 0 || ERR_GET_REASON(error) == ERR_R_PEM_LIB || ERR_GET_LIB(error) == ERR_LIB_PEM;
    const std::string reason = last_openssl_reason();
    if (wants_password)
        return "is encrypted, and nobody is there to type its password; write it without one";
    return says_nothing ? fmt::format("holds no {} in PEM form", what) : reason;
}

/** A file that cannot be used. */
struct unusable_file {
    const char* key;
    const std::string& path;
    std::string why;
};

std::optional<unusable_file>
read_files(SSL_CTX* ctx, const tls_options& o, const bool& wants_password)
{
    const auto refuse = [&](const char* key, const std::string& path, std::string_view what) {
        return unusable_file{key, path, why_unusable(path, what, wants_password)};
    };
    ERR_clear_error();
    if (o.ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(ctx);
    } else {
        if (SSL_CTX_load_verify_locations(ctx, o.ca_file.c_str(), nullptr) != 1)
            return refuse("ca_file", o.ca_file, "certificate");
        // Each certificate of the file is trusted, one from the middle of a chain too.
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    }
    if (o.cert_file.empty()) return std::nullopt;
    if (SSL_CTX_use_certificate_chain_file(ctx, o.cert_file.c_str()) != 1)
        return refuse("cert_file", o.cert_file, "certificate");
    if (SSL_CTX_use_PrivateKey_file(ctx, o.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return refuse("key_file", o.key_file, "private key");
    return std::nullopt;
}

std::optional<unusable_file> load_files(SSL_CTX* ctx, const tls_options& o)
{
    bool wants_password = false;
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &wants_password);
    auto found = read_files(ctx, o, wants_password);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, nullptr);
    return found;
}

std::string without_last_dot(std::string host)
{
    if (host.ends_with('.')) host.pop_back();
    return host;
}

/** SNI (RFC 6066 section 3, names only), and what the certificate must be for: its common name does
 * not count (RFC 9110 section 4.3.4). False where OpenSSL would take any certificate, or one that
 * is for another name. */
bool expect_name(SSL* ssl, const std::string& name)
{
    error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (!not_an_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
    // OpenSSL checks nothing for an empty name, all below it for one that begins with a dot.
    if (!host_name_problem(name).empty()) return false;
    // SSL_set_tlsext_host_name, a macro, casts the const away.
    std::string asked = name;
    SSL_set_hostflags(
        ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, asked.data()) ==
               1 &&
           SSL_set1_host(ssl, name.c_str()) == 1;
}

} // namespace

} // namespace detail

std::optional<tls_file_problem> find_tls_file_problem(const tls_options& options)
{
    if (options.ca_file.empty() && options.cert_file.empty()) return std::nullopt;
    const std::unique_ptr<SSL_CTX, detail::freed_by<SSL_CTX_free>> ctx(
        SSL_CTX_new(TLS_client_method()));
    if (!ctx) return std::nullopt;
    auto found = detail::load_files(ctx.get(), options);
    if (!found) return std::nullopt;
    return tls_file_problem{found->key, std::move(found->why)};
}

namespace detail {

tls_context::loaded tls_context::load(const tls_options& options)
{
    context_handle ctx(SSL_CTX_new(TLS_client_method()));
    if (!ctx) return explained_error{errc::tls_failed, last_openssl_reason()};
    SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(
        ctx.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
        options.verify ? on_verify : nullptr);
    static constexpr std::array<unsigned char, 9> http_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(ctx.get(), http_1.data(), http_1.size());
    SSL_CTX_set_session_cache_mode(
        ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(ctx.get(), on_new_session);
    SSL_CTX_set_cert_cb(ctx.get(), on_client_asked, nullptr);
    if (const auto wrong = load_files(ctx.get(), options))
        return explained_error{errc::tls_file_unusable, wrong->path + ": " + wrong->why};
    return std::shared_ptr<tls_context>(new tls_context(std::move(ctx)));
}

boost::system::result<tls_context::handle, explained_error> tls_context::open(
    const std::shared_ptr<tls_context>& self,
    const endpoint& target,
    const std::string& server_name,
    notes& n)
{
    handle ssl(SSL_new(self->ctx_.get()));
    if (!ssl) return explained_error{make_error_code(boost::system::errc::not_enough_memory), {}};
    const std::string name = without_last_dot(server_name.empty() ? target.host : server_name);
    n.context = self;
    n.peer = name + " " + target.origin();
    SSL_set_ex_data(ssl.get(), notes_index(), &n);
    if (!expect_name(ssl.get(), name))
        return explained_error{
            errc::certificate_wrong_host, "no certificate can be for the name '" + name + "'"};
    const auto known = self->sessions_.find(n.peer);
    if (known != self->sessions_.end()) SSL_set_session(ssl.get(), known->second.get());
    return ssl;
}

/** Called while a stream reads; by TLS 1.3 a while after the handshake (RFC 8446 section 4.6.1). */
int tls_context::on_new_session(SSL* ssl, SSL_SESSION* session)
{
    const notes* const n = notes_of(ssl);
    const auto context = n != nullptr ? n->context.lock() : nullptr;
    if (!context) return 0;
    context->keep(n->peer, session_handle(session));
    return 1;
}

void tls_context::keep(const std::string& peer, session_handle session)
{
    if (sessions_.size() >= max_sessions && !sessions_.contains(peer))
        sessions_.erase(sessions_.begin());
    sessions_[peer] = std::move(session);
}

std::shared_ptr<tls_context> tls_contexts::find(const tls_options& options) const
{
    const auto known = std::find_if(
        known_.begin(), known_.end(), [&](const auto& entry) { return entry.first == options; });
    return known != known_.end() ? known->second : nullptr;
}

/** The reading of the same files that is under way; null if there is none. */
std::shared_ptr<tls_contexts::loading> tls_contexts::find_loading(const tls_options& options)
{
    std::erase_if(loading_, [](const auto& entry) {
        const auto l = entry.second.lock();
        return !l || l->reader.expired();
    });
    const auto same = std::find_if(loading_.begin(), loading_.end(), [&](const auto& entry) {
        return entry.first == options;
    });
    return same != loading_.end() ? same->second.lock() : nullptr;
}

asio::awaitable<tls_context::loaded> tls_contexts::get(tls_options options, time_point until)
{
    if (options.ca_file.empty() && options.cert_file.empty()) {
        if (auto known = find(options)) co_return known;
        auto made = tls_context::load(options);
        if (made) known_.emplace_back(std::move(options), *made);
        co_return made;
    }
    for (;;) {
        if (auto known = find(options)) co_return known;
        const auto others = find_loading(options);
        if (!others) break;
        // Reading takes milliseconds. The exchange that reads may be cancelled; then another reads.
        asio::steady_timer pause(executor_, std::min(until, time_point::clock::now() + look_again));
        auto [ec] = co_await pause.async_wait(carillon::detail::use_tuple);
        if (ec) co_return explained_error{ec, {}};
        if (others->result) co_return *others->result;
        if (time_point::clock::now() >= until) co_return explained_error{errc::timed_out, {}};
    }
    co_return co_await read(std::move(options), until);
}

asio::awaitable<tls_context::loaded> tls_contexts::read(tls_options options, time_point until)
{
    const auto reader = std::make_shared<bool>();
    const auto shared = std::make_shared<loading>(loading{.reader = reader});
    loading_.emplace_back(options, shared);

    const std::uint64_t generation = generation_;
    const auto made = std::make_shared<tls_context::loaded>(explained_error{});
    auto make = [made, options] { *made = tls_context::load(options); };
    auto [ec, nothing] =
        co_await threads_.async_perform(std::move(make), until, carillon::detail::use_tuple);
    if (ec) co_return explained_error{ec, {}};
    // Files that were read before a reload serve this exchange and no other.
    if (generation == generation_) {
        shared->result = *made;
        if (*made) known_.emplace_back(std::move(options), **made);
    }
    co_return *made;
}

void tls_contexts::forget()
{
    known_.clear();
    loading_.clear();
    ++generation_;
}

} // namespace detail
} // namespace carillon::http
