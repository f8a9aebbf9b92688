#pragma once

#include <carillon/http/transport.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>

namespace carillon::http {

/** What a scripted endpoint does with a request. */
struct scripted_reply {
    /// How long it takes.
    microseconds delay{0};
    /// Set: the exchange fails so, in the part that `reply` names; else `reply` is its reply.
    error_code error{};
    response reply{};
};

/** A reply of this status and body after a delay. */
scripted_reply reply_with(int status, std::string body, microseconds delay = microseconds{0});

/**
 * A transport without a network: a script says what each request meets, and a time source how time
 * passes meanwhile.
 *
 * Limits hold as on the network: a reply slower than `limits::timeout` is @ref errc::timed_out. For
 * tests and simulations.
 */
class scripted_transport final : public transport {
public:
    using executor_type = boost::asio::any_io_executor;
    /// Says what a request meets. It is called when the request is sent.
    using script = std::function<scripted_reply(const request&)>;

    /** `time` must outlive the transport's exchanges. */
    scripted_transport(boost::asio::any_io_executor ex, time_source& time, script answer);

    /** Where its operations complete by default. */
    executor_type get_executor() const noexcept { return executor_; }

private:
    void send(request req, const limits& lim, handler_type handler) override;

    boost::asio::any_io_executor executor_;
    time_source& time_;
    script answer_;
};

} // namespace carillon::http
