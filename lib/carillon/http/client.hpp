#pragma once

#include <carillon/http/transport.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace carillon::http {

/** The bounds of a @ref client. */
struct client_options {
    /// Connections to one origin at a time; further exchanges wait their turn, first come, first
    /// served.
    std::size_t max_per_origin = 100;
    /// How long an unused connection is kept.
    std::chrono::steady_clock::duration idle_timeout = std::chrono::seconds{30};
    /// All header lines of a reply together.
    std::uint32_t max_header_bytes = 64 * 1024;
};

/**
 * An HTTP/1.1 client with kept connections.
 *
 * Every address of a name is tried in turn, each with its share of the time to connect. Names are
 * looked up by threads of its own (see @ref resolver); all else happens on the executor. Exchanges
 * under way keep what they need alive, so the client may be destroyed while they go on; cancel them
 * to end them.
 */
class client final : public transport {
public:
    explicit client(boost::asio::any_io_executor ex, client_options options = {});
    ~client() override;

    void close_idle() override;

private:
    class state;

    void send(request req, const limits& lim, handler_type handler) override;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<state> state_;
};

} // namespace carillon::http
