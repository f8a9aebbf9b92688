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

/** Calls the function that frees an OpenSSL type. */
template <auto free_function>
struct freed_by {
    template <class T>
    void operator()(T* p) const noexcept
    {
        free_function(p);
    }
};

/**
 * What connections with the same @ref tls_options share: certificates, keys, and the sessions that
 * they can resume.
 */
class tls_context {
public:
    using handle = std::unique_ptr<SSL, freed_by<SSL_free>>;
    using loaded = boost::system::result<std::shared_ptr<tls_context>, explained_error>;

    /** What one connection notes during its handshake. Lives as long as the connection's handle. */
    struct notes {
        std::weak_ptr<tls_context> context{};
        /// The peer whose sessions are resumed.
        std::string peer{};
        /// Why the peer's certificate was refused.
        explained_error refusal{};
        /// The peer has asked for a client's certificate.
        bool client_is_asked = false;
    };

    /** Reads the files, so it blocks. Error: @ref errc::tls_file_unusable. */
    static loaded load(const tls_options& options);

    /** A handle for one connection. It asks for the server's name and checks it, and resumes a
     * session if there is one. Errors: @ref errc::certificate_wrong_host if no certificate can be
     * checked against the name; lack of memory. */
    static boost::system::result<handle, explained_error> open(
        const std::shared_ptr<tls_context>& self,
        const endpoint& target,
        const std::string& server_name,
        notes& n);

private:
    using context_handle = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
    using session_handle = std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>>;

    /// So many peers' sessions are kept.
    static constexpr std::size_t max_sessions = 1000;

    explicit tls_context(context_handle ctx) : ctx_(std::move(ctx)) {}

    static int on_new_session(SSL* ssl, SSL_SESSION* session);
    void keep(const std::string& peer, session_handle session);

    context_handle ctx_;
    std::map<std::string, session_handle> sessions_;
};

/**
 * The contexts of a client. Each is made when it is first asked for.
 *
 * A resolver's thread reads the files. OpenSSL reads the system's certificates one by one as it
 * needs them. For one executor at a time.
 */
class tls_contexts {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /** `threads` must outlive it. */
    tls_contexts(boost::asio::any_io_executor ex, resolver& threads)
        : executor_(std::move(ex)), threads_(threads)
    {}

    /** The context for some options. Errors: @ref errc::tls_file_unusable; @ref errc::timed_out at
     * `until`. */
    boost::asio::awaitable<tls_context::loaded> get(tls_options options, time_point until);

    /** Forgets all contexts, so that their files are read again when they are next needed. */
    void forget();

    /** Each @ref forget adds 1. Connections of an older generation use older certificates. */
    std::uint64_t generation() const noexcept { return generation_; }

private:
    /** The reading of files by one exchange. Others that need the same files share its result. */
    struct loading {
        /// Expires when that exchange ends.
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
