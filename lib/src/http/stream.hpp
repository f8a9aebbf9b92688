#pragma once

#include <carillon/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace carillon::http::detail {

/** TCP's or a unix socket. */
using stream_socket = boost::asio::generic::stream_protocol::socket;

/**
 * A byte stream to a peer, plain or through TLS.
 *
 * At most one read and one write at a time. Cancellation: `terminal`; after it the stream must not
 * be used again. A @ref deadline ends its operations by closing its socket.
 */
class stream {
public:
    stream() = default;
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    virtual ~stream() = default;

    /** The result of a read or a write. */
    struct io_result {
        error_code ec{};
        std::size_t bytes = 0;
        /// What the peer said of an error.
        std::string detail{};
    };
    using buffers = std::array<boost::asio::const_buffer, 2>;

    /** Reads at least one byte. Errors: `eof` at an orderly end, @ref errc::closed_early if TLS
     * ends without its close_notify (RFC 8446 section 6.1). */
    virtual boost::asio::awaitable<io_result> read_some(boost::asio::mutable_buffer into) = 0;

    /** Writes everything. Returns how many bytes were written, also after an error. */
    virtual boost::asio::awaitable<io_result> write(buffers all) = 0;

    /** Whether the connection is open and its peer has sent nothing unasked. */
    virtual bool is_quiet() = 0;

    /**
     * As many bytes as the peer can have acknowledged (tcp(7), TCP_INFO) of what has been written
     * so far. If it has acknowledged no more later, it has received nothing that was written since.
     * Nothing if the socket is not TCP's.
     */
    virtual std::optional<std::uint64_t> written_so_far() = 0;

    virtual stream_socket& socket() = 0;
};

std::unique_ptr<stream> make_plain_stream(stream_socket socket);

/** Whether a socket is open and has nothing to read. */
bool is_quiet(stream_socket& s);

} // namespace carillon::http::detail
