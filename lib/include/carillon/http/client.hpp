#pragma once

#include <carillon/http/transport.hpp>
#include <carillon/job/proxy_rules.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace carillon::http {

/** How a @ref client behaves. */
struct client_options {
    /// How long an unused connection is kept.
    std::chrono::steady_clock::duration idle_timeout = std::chrono::seconds{30};
    /// All header lines of a reply together.
    std::uint32_t max_header_bytes = 64 * 1024;
    /// Header fields of a reply.
    std::size_t max_header_fields = 256;
    /// For requests whose route names none, see @ref proxies_of_environment.
    proxy_rules proxies{};
};

/**
 * An HTTP/1.1 client with kept connections, over TCP, TLS or a unix socket.
 *
 * A host's addresses are tried as RFC 8305 has it: the families in turn, the next one when the one
 * before has not answered within 250 ms. Threads of its own look up names and read certificate
 * files; all else happens on the executor. It opens as many connections as there are exchanges: the
 * @ref runner bounds them. Where the process has no descriptor left, an exchange waits for one
 * within its `connect_timeout`.
 *
 * A kept connection may turn out to be dead only when it is used again. Where its peer closed it
 * before a byte of the request came there, the request is sent once more, on a new one, without
 * being counted; where the peer may have got it, the exchange fails instead.
 *
 * TLS is 1.2 or later; sessions are resumed. Exchanges under way keep what they need alive, so the
 * client may be destroyed before they end; cancel them to end them.
 */
class client final : public transport {
public:
    using executor_type = boost::asio::any_io_executor;

    /** Opens nothing before the first exchange. */
    explicit client(boost::asio::any_io_executor ex, client_options options = {});
    ~client() override;

    /** Where its work happens and its operations complete by default. */
    executor_type get_executor() const noexcept { return executor_; }

    void close_idle() override;
    void keep_at_least(std::size_t per_origin, std::size_t in_all) override;

    /** Reads certificate files anew for the connections to come. Exchanges under way are left as
     * they are. */
    void reload_certificates();

    /** Replaces @ref client_options::proxies for the exchanges to come. */
    void set_proxies(proxy_rules proxies);

private:
    class state;

    void send(request req, const limits& lim, handler_type handler) override;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<state> state_;
};

} // namespace carillon::http
