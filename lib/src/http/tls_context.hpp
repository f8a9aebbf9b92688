#pragma once

#include "http/explained_error.hpp"
#include "http/resolver.hpp"
#include <carillon/error.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/job/route.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <utility>

namespace carillon::http::detail {

/** Calls the free function of an OpenSSL type. */
template <auto free_function>
struct freed_by {
    template <class T>
    void operator()(T* p) const noexcept
    {
        free_function(p);
    }
};

/**
 * What connections with the same @ref tls_options share: certificates, keys, and sessions to
 * resume.
 */
class tls_context {
public:
    using handle = std::unique_ptr<SSL, freed_by<SSL_free>>;
    using loaded = boost::system::result<std::shared_ptr<tls_context>, explained_error>;

    /** What one connection notes while it shakes hands. Lives as long as its handle. */
    struct notes {
        std::weak_ptr<tls_context> context{};
        /// Of whom sessions are resumed.
        std::string peer{};
        /// Why the peer's certificate was refused.
        explained_error refusal{};
        /// The peer has asked for a certificate of the client's.
        bool client_is_asked = false;
    };

    /** Reads the files, and so blocks: the error is @ref errc::tls_file_unusable. */
    static loaded load(const tls_options& options);

    /** A handle for one connection: asks for the server's name, checks it, and resumes a session
     * with it where there is one. Error: @ref errc::certificate_wrong_host where no certificate
     * could be held against the name; want of memory. */
    static boost::system::result<handle, explained_error> open(
        const std::shared_ptr<tls_context>& self,
        const endpoint& target,
        const std::string& server_name,
        notes& n);

private:
    using context_handle = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
    using session_handle = std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>>;

    /// Peers whose sessions are kept.
    static constexpr std::size_t max_sessions = 1000;

    explicit tls_context(context_handle ctx) : ctx_(std::move(ctx)) {}

    static int on_new_session(SSL* ssl, SSL_SESSION* session);
    void keep(const std::string& peer, session_handle session);

    context_handle ctx_;
    std::map<std::string, session_handle> sessions_;
};

/**
 * The contexts of a client, each made when it is first asked for.
 *
 * Files are read by one of a resolver's threads; the system's certificates are looked up one by one
 * as OpenSSL needs them. For one executor at a time.
 */
class tls_contexts {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /** `threads` must outlive it. */
    tls_contexts(boost::asio::any_io_executor ex, resolver& threads)
        : executor_(std::move(ex)), threads_(threads)
    {}

    /** Errors: @ref errc::tls_file_unusable; @ref errc::timed_out where that takes until then. */
    boost::asio::awaitable<tls_context::loaded> get(tls_options options, time_point until);

    /** Reads all files anew when they are next needed. */
    void forget();

    /** Grows by each @ref forget: connections of another generation know older certificates. */
    std::uint64_t generation() const noexcept { return generation_; }

private:
    /** Files that one exchange has read, for all who ask meanwhile. */
    struct loading {
        /// Expired when that exchange has ended.
        std::weak_ptr<bool> reader{};
        std::optional<tls_context::loaded> result{};
    };

    std::shared_ptr<tls_context> find(const tls_options& options) const;
    std::shared_ptr<loading> find_loading(const tls_options& options);
    boost::asio::awaitable<tls_context::loaded> read(tls_options options, time_point until);

    boost::asio::any_io_executor executor_;
    resolver& threads_;
    std::list<std::pair<tls_options, std::shared_ptr<tls_context>>> known_;
    std::list<std::pair<tls_options, std::weak_ptr<loading>>> loading_;
    std::uint64_t generation_ = 0;
};

} // namespace carillon::http::detail
