#pragma once

#include "http/deadline.hpp"
#include "http/pool.hpp"
#include "http/resolver.hpp"
#include "http/tls_context.hpp"
#include <carillon/http/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace carillon::http::detail {

/** Whom a connection is to, and by which way. */
struct way {
    endpoint target;
    std::optional<endpoint> proxy{};
    std::string unix_socket{};
    tls_options tls{};

    /** Whether the proxy forwards requests, not bytes. */
    bool is_forwarded() const noexcept { return proxy && !target.is_secure(); }

    /** Connections of equal keys serve alike. */
    std::string key(std::uint64_t certificates) const;
};

/** In which part an exchange is, and since when. */
class phase_clock {
public:
    void enter(phase p)
    {
        at_ = p;
        since_ = std::chrono::steady_clock::now();
    }

    void write_to(response& res) const
    {
        res.phase = at_;
        res.phase_time =
            std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - since_);
    }

private:
    phase at_ = phase::resolve;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

/** Makes connections: the name, the addresses, a proxy's tunnel, TLS. For one executor at a time.
 */
class connector {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /** `connections` give their descriptors where the process has no more. */
    connector(boost::asio::any_io_executor ex, std::shared_ptr<pool> connections);

    /**
     * Connects within `until`; `out` is the connection as far as it has come, `limit` watches it.
     *
     * Everything named must outlive the operation.
     */
    boost::asio::awaitable<explained_error> connect(
        const way& w,
        time_point until,
        deadline& limit,
        phase_clock& at,
        std::unique_ptr<stream>& out);

    tls_contexts& certificates() noexcept { return certificates_; }

private:
    boost::asio::awaitable<explained_error> connect_tcp(
        const endpoint& to, time_point until, phase_clock& at, std::unique_ptr<stream>& out);
    boost::asio::awaitable<explained_error> connect_unix(
        const std::string& path, time_point until, phase_clock& at, std::unique_ptr<stream>& out);
    boost::asio::awaitable<explained_error>
    open_tunnel(const way& w, deadline& limit, stream& through);
    boost::asio::awaitable<explained_error>
    secure(const way& w, time_point until, deadline& limit, std::unique_ptr<stream>& out);
    boost::asio::awaitable<error_code> wait_for_descriptor(time_point until);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<pool> connections_;
    resolver names_;
    resolver files_; // whose threads no dead name server holds
    tls_contexts certificates_;
};

} // namespace carillon::http::detail
