#pragma once

#include <carillon/job/endpoint.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/job/route.hpp>
#include <carillon/job/shared_value.hpp>
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/** A header field as it is on the wire. */
struct field {
    std::string name;
    std::string value;
    /// Meant for the request's origin alone: a redirect to another one leaves it out.
    bool is_credential = false;
};

/** A request. The transport adds `Host`, `Content-Length` and what else the connection needs. */
struct request {
    std::string method;
    endpoint target;
    std::vector<field> fields{};
    std::string body{};
    /// It holds what is meant for the request's origin alone: a redirect that would take it to
    /// another one is refused.
    bool body_is_credential = false;
    shared_value<carillon::route> route{};
    /// It is never sent on a kept connection, on which it might have to be sent a second time.
    bool is_sent_once = false;
    /// Called, if set, as soon as a connection is known to stand: a new one before anything is
    /// sent, a kept one when the reply begins. May be called again; must not throw.
    std::function<void()> on_connected{};
};

/** The bounds of one exchange; all spans count from its start and are longer than zero. */
struct limits {
    /// From the first step to the last byte of the reply, with the redirects that are followed.
    microseconds timeout = std::chrono::seconds{60};
    /// The name look-up, the connection and TLS's handshake, within `timeout`.
    microseconds connect_timeout = std::chrono::seconds{10};
    std::size_t max_body_bytes = std::size_t{1024} * 1024;
};

/** A reply; with an error, what is known of it. */
struct response {
    int status = 0;
    std::string reason_phrase{};
    std::vector<field> fields{};
    std::string body{};
    /// Where the exchange ended; after an error the part that failed.
    carillon::phase phase = carillon::phase::resolve;
    /// How long that part had taken by then.
    microseconds phase_time{0};
    /// What an error's code does not say: an address, a certificate's names, a reason in words. May
    /// quote the peer.
    std::string detail{};
    /// Who replied, where a redirect led elsewhere than to the request's target.
    std::optional<endpoint> redirected_to{};

    /** The first field of this name, in any case; null where there is none. */
    const std::string* find(std::string_view name) const noexcept;
};

} // namespace carillon::http
