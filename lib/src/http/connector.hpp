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

/** One step of an exchange: the endpoint, and how the connection to it is made. Each redirect
 * begins another. The request's @ref route and the client's options decide it. */
struct hop {
    endpoint target;
    std::optional<endpoint> proxy{};
    std::string unix_socket{};
    tls_options tls{};

    /** Whether the proxy forwards the request itself. Otherwise it opens a tunnel for bytes. */
    bool is_forwarded() const noexcept { return proxy && !target.is_secure(); }

    /** A connection serves every hop of the same key. `certificates` is @ref
     * tls_contexts::generation. */
    std::string key(std::uint64_t certificates) const;
};

/** Which phase an exchange is in, and since when. */
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

/** Makes connections: looks the name up, tries its addresses, opens a proxy's tunnel, starts TLS.
 * For one executor at a time. */
class connector {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /** One of `connections` is closed if the process has no free descriptor. */
    connector(boost::asio::any_io_executor ex, std::shared_ptr<pool> connections);

    /**
     * Connects by `until`. `out` gets the connection, after an error perhaps one that is not ready.
     * `limit` watches it. Everything named must outlive the operation.
     */
    boost::asio::awaitable<explained_error> connect(
        const hop& h,
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
    open_tunnel(const hop& h, deadline& limit, stream& through);
    boost::asio::awaitable<explained_error>
    secure(const hop& h, time_point until, deadline& limit, std::unique_ptr<stream>& out);
    boost::asio::awaitable<error_code> wait_for_descriptor(time_point until);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<pool> connections_;
    resolver names_;
    resolver files_; // its threads wait for no name server
    tls_contexts certificates_;
};

} // namespace carillon::http::detail
