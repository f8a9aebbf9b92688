#pragma once

#include <carillon/error.hpp>
#include <carillon/http/message.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <cstddef>
#include <utility>

namespace carillon::http {

/**
 * What carries requests: the seam between the runner and the network.
 *
 * An object is for one executor at a time; any number of exchanges may be under way. It must exist
 * when an operation is launched; with `boost::asio::deferred` that is after the call.
 */
class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    /**
     * Sends a request and reads its whole reply: `void(error_code, response)`.
     *
     * Any reply is a success here, whatever its status. Errors: @ref errc::timed_out when a limit
     * passed; @ref errc::malformed_request, before anything is sent; those of @ref errc about
     * addresses, certificates, TLS, proxies, redirects and malformed, broken off or too large
     * replies; and the system's codes such as `connection_refused`.
     *
     * Cancellation: `terminal` ends the exchange at once with `operation_aborted`; the request may
     * have been sent. `partial` and `total` do nothing, as a request that was sent may have had its
     * effect.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_send(request req, limits lim, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, response)>(
            [](auto handler, transport* self, request r, const limits& l) {
                self->send(std::move(r), l, std::move(handler));
            },
            token, this, std::move(req), lim);
    }

    /** Closes the connections that are kept for later. The runner calls it when it has nothing more
     * to send. */
    virtual void close_idle() {}

    /** Keeps at least so many unused connections for later, to one origin and in all. The runner
     * calls it with its limits of exchanges; of several callers the largest numbers count. */
    virtual void keep_at_least(std::size_t /*per_origin*/, std::size_t /*in_all*/) {}

protected:
    using handler_type = boost::asio::any_completion_handler<void(error_code, response)>;

private:
    virtual void send(request req, const limits& lim, handler_type handler) = 0;
};

} // namespace carillon::http
