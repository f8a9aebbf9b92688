#include "http/dead_ports.hpp"

#include <carillon/error.hpp>

#include <boost/assert.hpp>

#include <cerrno>
#include <sys/socket.h>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace carillon::test {

closed_port::closed_port(asio::io_context& ctx)
    : bound_(ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0))
{}

std::uint16_t closed_port::port() const { return bound_.local_endpoint().port(); }

silent_port::silent_port(asio::io_context& ctx, const char* address) : acceptor_(ctx)
{
    const tcp::endpoint at(asio::ip::make_address(address), 0);
    acceptor_.open(at.protocol());
    acceptor_.bind(at);
    acceptor_.listen(0);
    // Linux queues one connection more than asked for (listen(2)); the others make sure.
    const tcp::endpoint to = acceptor_.local_endpoint();
    for (int i = 0; i < 3; ++i) {
        tcp::socket& s = queue_.emplace_back(ctx, at.protocol());
        s.native_non_blocking(true);
        // Asio's connect() would wait, and its async_connect() would be work to do.
        const int in_progress =
            ::connect(s.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
        BOOST_ASSERT(in_progress == 0 || errno == EINPROGRESS);
        static_cast<void>(in_progress);
    }
}

std::uint16_t silent_port::port() const { return acceptor_.local_endpoint().port(); }

bool has_ipv6_loopback()
{
    asio::io_context ctx;
    error_code ec;
    tcp::socket s(ctx);
    s.open(tcp::v6(), ec);
    if (!ec) s.bind(tcp::endpoint(asio::ip::address_v6::loopback(), 0), ec);
    return !ec;
}

} // namespace carillon::test
