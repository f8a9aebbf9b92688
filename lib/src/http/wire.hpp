#pragma once

#include <carillon/http/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace carillon::http::detail {

/**
 * A request's head as it is sent (RFC 9112).
 *
 * `proxy` is whom it is sent to where that is a proxy which forwards it: it gets the whole URL
 * (section 3.2.2), and its credentials. Error: @ref errc::malformed_request where the method, the
 * target, the host or a field would be read as something else than it is.
 */
result<std::string> head_of(const request& req, const endpoint* proxy = nullptr);

/** The head that asks a proxy for a tunnel to an endpoint (RFC 9110 section 9.3.6), of which @ref
 * head_of has made a head. */
std::string connect_head(const endpoint& target, const endpoint& proxy);

/** The bounds of a reply. */
struct reply_bounds {
    std::uint32_t max_header_bytes = 64 * 1024;
    std::size_t max_fields = 256;
    std::size_t max_body_bytes = std::size_t{1024} * 1024;
};

/**
 * Parses a reply from the bytes of a peer, which may come in any pieces. Pure: it knows no socket.
 *
 * It skips interim replies (RFC 9110 section 15.2). More than @ref max_interim of them are an
 * error.
 */
class reply_reader {
public:
    static constexpr int max_interim = 16;

    /** The kind of request. Where a reply ends depends on it (RFC 9112 section 6.3). */
    enum class reply_to { other, head, connect };

    reply_reader(reply_to what, const reply_bounds& bounds);
    ~reply_reader();
    reply_reader(const reply_reader&) = delete;
    reply_reader& operator=(const reply_reader&) = delete;

    /** The buffer for the peer's next bytes. Valid until the next call. */
    std::span<char> space();

    /** Parses `n` bytes that were written there. Errors: @ref errc::malformed_reply, @ref
     * errc::header_too_large, @ref errc::body_too_large. */
    error_code took(std::size_t bytes);

    /** The peer has closed the connection. Error: @ref errc::closed_early unless that ends the
     * reply.
     */
    error_code closed();

    /** In words, which rule of HTTP the reply breaks. Empty if it breaks none. */
    std::string_view fault() const noexcept;

    bool has_begun() const noexcept;
    bool is_done() const noexcept;

    /** Whether the connection can be used for another request: the reply is complete and does not
     * end the connection, and no byte follows it. */
    bool may_keep() const noexcept;

    /** Moves the reply into `out`, also an incomplete one. */
    void take(response& out);

private:
    class parsing;
    std::unique_ptr<parsing> parsing_;
};

} // namespace carillon::http::detail
