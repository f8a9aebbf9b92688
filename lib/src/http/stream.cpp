#include "http/stream.hpp"

#include "http/tcp_progress.hpp"
#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/write.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace asio = boost::asio;

namespace carillon::http::detail {
namespace {

using carillon::detail::use_tuple;

class plain_stream final : public stream {
public:
    explicit plain_stream(stream_socket s)
        : socket_(std::move(s)), written_(bytes_acknowledged(socket_.native_handle()))
    {}

    asio::awaitable<io_result> read_some(asio::mutable_buffer into) override
    {
        auto [ec, n] = co_await socket_.async_read_some(into, use_tuple);
        co_return io_result{ec, n, {}};
    }

    asio::awaitable<io_result> write(buffers all) override
    {
        auto [ec, n] = co_await asio::async_write(socket_, all, use_tuple);
        if (written_) *written_ += n;
        co_return io_result{ec, n, {}};
    }

    bool is_quiet() override { return http::detail::is_quiet(socket_); }

    // Counted, and not asked of the kernel before each request.
    std::optional<std::uint64_t> written_so_far() override { return written_; }

    stream_socket& socket() override { return socket_; }

private:
    stream_socket socket_;
    std::optional<std::uint64_t> written_; // what was acknowledged of the connect counts
};

} // namespace

std::unique_ptr<stream> make_plain_stream(stream_socket socket)
{
    return std::make_unique<plain_stream>(std::move(socket));
}

bool is_quiet(stream_socket& s)
{
    char byte = 0;
    return ::recv(s.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace carillon::http::detail
