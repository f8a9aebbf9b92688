#pragma once

#include <carillon/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace carillon::http::detail {

/** TCP's or a unix socket. */
using stream_socket = boost::asio::generic::stream_protocol::socket;

/**
 * A byte stream to a peer, plain or through TLS.
 *
 * One reading and one writing at a time; cancellation is `terminal`, after which the stream is of
 * no more use. Deadlines are kept from outside, by closing its socket.
 */
class stream {
public:
    stream() = default;
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    virtual ~stream() = default;

    /** What came of a reading or a writing. */
    struct io_result {
        error_code ec{};
        std::size_t bytes = 0;
        /// What the peer said of an error.
        std::string detail{};
    };
    using buffers = std::array<boost::asio::const_buffer, 2>;

    /** Reads at least one byte; `eof` where the peer ends in order, @ref errc::closed_early where
     * TLS is cut off (RFC 8446 section 6.1). */
    virtual boost::asio::awaitable<io_result> read_some(boost::asio::mutable_buffer into) = 0;

    /** Writes everything, and says how much went. */
    virtual boost::asio::awaitable<io_result> write(buffers all) = 0;

    /** Whether nobody who reads it would get anything now: it is open, and nothing has come that no
     * one asked for. */
    virtual bool is_quiet() = 0;

    virtual stream_socket& socket() = 0;
};

std::unique_ptr<stream> make_plain_stream(stream_socket socket);

/** Whether a socket is open and has nothing to read. */
bool is_quiet(stream_socket& s);

} // namespace carillon::http::detail
