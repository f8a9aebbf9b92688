#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/assert.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <http/misbehaving_server.hpp>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace carillon::test {
namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

std::size_t content_length(std::string_view head)
{
    static constexpr std::string_view name = "\r\ncontent-length: ";
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    };
    const auto at = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
    if (at == head.end()) return 0;
    return std::stoul(std::string(at + name.size(), head.end()));
}

/** One connection. Each step gives false where nothing can follow it. */
struct connection {
    connection(tcp::socket s, std::size_t n)
        : socket(std::move(s)),
          stopped(socket.get_executor(), asio::steady_timer::time_point::max()), number(n)
    {}

    tcp::socket socket;
    asio::steady_timer stopped; // cancelled at the server's stop
    std::size_t number;
    std::string buffer; // read and not yet used
};

} // namespace

struct misbehaving_server::state : std::enable_shared_from_this<state> {
    state(asio::io_context& ctx, std::vector<server_script> s, const tcp::endpoint& at)
        : acceptor(ctx), scripts(std::move(s))
    {
        acceptor.open(at.protocol());
        // Small, so that a peer's large request soon finds no room; it holds for the connections
        // too.
        acceptor.set_option(asio::socket_base::receive_buffer_size(4096));
        acceptor.bind(at);
        acceptor.listen();
        port = acceptor.local_endpoint().port();
    }

    tcp::acceptor acceptor;
    std::uint16_t port = 0;
    std::vector<server_script> scripts;
    std::vector<std::weak_ptr<connection>> connections;
    std::vector<received> requests;
    std::size_t open = 0;
    std::size_t steps_done = 0;
    bool is_stopped = false;

    static asio::awaitable<void> accept(std::shared_ptr<state> self);
    static asio::awaitable<void> play(std::shared_ptr<state> self, std::shared_ptr<connection> c);

    asio::awaitable<bool> does(connection& c, const server_does::read_request&);
    asio::awaitable<bool> does(connection& c, const server_does::read_head&);
    asio::awaitable<bool> does(connection& c, const server_does::write& step);
    asio::awaitable<bool> does(connection& c, const server_does::trickle& step);
    asio::awaitable<bool> does(connection& c, const server_does::flood& step);
    asio::awaitable<bool> does(connection& c, const server_does::close&);
    asio::awaitable<bool> does(connection& c, const server_does::reset&);
    asio::awaitable<bool> does(connection& c, const server_does::hang&);
};

asio::awaitable<void> misbehaving_server::state::accept(std::shared_ptr<state> self)
{
    for (;;) {
        auto [ec, socket] = co_await self->acceptor.async_accept(use_tuple);
        if (ec) co_return;
        auto c = std::make_shared<connection>(std::move(socket), self->connections.size());
        self->connections.push_back(c);
        ++self->open;
        asio::co_spawn(self->acceptor.get_executor(), play(self, std::move(c)), asio::detached);
    }
}

asio::awaitable<void>
misbehaving_server::state::play(std::shared_ptr<state> self, std::shared_ptr<connection> c)
{
    const server_script& script = self->scripts[std::min(c->number, self->scripts.size() - 1)];
    bool goes_on = true;
    for (std::size_t i = 0; goes_on && i < script.size(); ++i) {
        asio::awaitable<bool> step =
            std::visit([&](const auto& s) { return self->does(*c, s); }, script[i]);
        goes_on = co_await std::move(step);
        ++self->steps_done;
    }
    std::array<char, 4096> ignored{};
    while (goes_on) {
        auto [ec, n] = co_await c->socket.async_read_some(asio::buffer(ignored), use_tuple);
        goes_on = !ec;
    }
    error_code gone;
    c->socket.close(gone);
    --self->open;
}

asio::awaitable<bool>
misbehaving_server::state::does(connection& c, const server_does::read_request&)
{
    auto [ec, head] = co_await asio::async_read_until(
        c.socket, asio::dynamic_buffer(c.buffer), "\r\n\r\n", use_tuple);
    if (ec) co_return false;
    const std::size_t whole = head + content_length(std::string_view(c.buffer).substr(0, head));
    if (c.buffer.size() < whole) {
        auto [body_ec, n] = co_await asio::async_read(
            c.socket, asio::dynamic_buffer(c.buffer),
            asio::transfer_exactly(whole - c.buffer.size()), use_tuple);
        if (body_ec) co_return false;
    }
    requests.push_back({c.number, c.buffer.substr(0, whole)});
    c.buffer.erase(0, whole);
    co_return true;
}

asio::awaitable<bool> misbehaving_server::state::does(connection& c, const server_does::read_head&)
{
    auto [ec, n] = co_await asio::async_read_until(
        c.socket, asio::dynamic_buffer(c.buffer), "\r\n\r\n", use_tuple);
    co_return !ec;
}

asio::awaitable<bool> misbehaving_server::state::does(connection& c, const server_does::write& step)
{
    auto [ec, n] = co_await asio::async_write(c.socket, asio::buffer(step.text), use_tuple);
    co_return !ec;
}

asio::awaitable<bool>
misbehaving_server::state::does(connection& c, const server_does::trickle& step)
{
    asio::steady_timer pause(c.socket.get_executor());
    for (const char& byte : step.text) {
        auto [ec, n] = co_await asio::async_write(c.socket, asio::buffer(&byte, 1), use_tuple);
        if (ec) co_return false;
        pause.expires_after(step.pace);
        auto [waited] = co_await pause.async_wait(use_tuple);
        if (waited) co_return false;
    }
    co_return true;
}

asio::awaitable<bool> misbehaving_server::state::does(connection& c, const server_does::flood& step)
{
    for (;;) {
        auto [ec, n] = co_await asio::async_write(c.socket, asio::buffer(step.text), use_tuple);
        if (ec) co_return false;
    }
}

asio::awaitable<bool> misbehaving_server::state::does(connection&, const server_does::close&)
{
    co_return false;
}

asio::awaitable<bool> misbehaving_server::state::does(connection& c, const server_does::reset&)
{
    error_code ignored;
    c.socket.set_option(asio::socket_base::linger(true, 0), ignored);
    co_return false;
}

asio::awaitable<bool> misbehaving_server::state::does(connection& c, const server_does::hang&)
{
    if (!is_stopped) {
        co_await c.stopped.async_wait(use_tuple);
    }
    co_return false;
}

misbehaving_server::misbehaving_server(
    asio::io_context& ctx,
    std::vector<server_script> scripts,
    const char* address,
    std::uint16_t port)
    : state_(std::make_shared<state>(
          ctx, std::move(scripts), tcp::endpoint(asio::ip::make_address(address), port)))
{
    asio::co_spawn(ctx, state::accept(state_), asio::detached);
}

misbehaving_server::~misbehaving_server() { stop(); }

std::uint16_t misbehaving_server::port() const { return state_->port; }

void misbehaving_server::stop()
{
    state_->is_stopped = true;
    error_code ignored;
    state_->acceptor.close(ignored);
    for (const auto& weak : state_->connections) {
        if (const auto c = weak.lock()) c->stopped.cancel();
    }
}

std::size_t misbehaving_server::accepted() const { return state_->connections.size(); }

std::size_t misbehaving_server::open() const { return state_->open; }

std::size_t misbehaving_server::steps_done() const { return state_->steps_done; }

const std::vector<misbehaving_server::received>& misbehaving_server::requests() const
{
    return state_->requests;
}

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
