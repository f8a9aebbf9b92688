#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cctype>
#include <http/misbehaving_server.hpp>
#include <http/server_connection.hpp>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

namespace carillon::test {
namespace {

using carillon::detail::use_tuple;

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

/** Reads as far as the end of a head and gives its size, or 0 where none comes. */
asio::awaitable<std::size_t> read_head(server_connection& c)
{
    static constexpr std::string_view end = "\r\n\r\n";
    std::size_t at = c.buffer().find(end);
    while (at == std::string::npos) {
        const bool goes_on = co_await c.read_some();
        if (!goes_on) co_return 0;
        at = c.buffer().find(end);
    }
    co_return at + end.size();
}

/** Reads and forgets until the peer closes. */
asio::awaitable<void> drain(server_connection& c)
{
    bool goes_on = true;
    while (goes_on) {
        c.buffer().clear();
        goes_on = co_await c.read_some();
    }
}

using generic_acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

template <class Endpoint>
auto listen(asio::io_context& ctx, const Endpoint& at)
{
    typename Endpoint::protocol_type::acceptor acceptor(ctx, at.protocol());
    // Small, so that a peer's large request soon finds no room; it holds for the connections too.
    acceptor.set_option(asio::socket_base::receive_buffer_size(4096));
    acceptor.bind(at);
    acceptor.listen();
    return acceptor;
}

} // namespace

struct misbehaving_server::state : std::enable_shared_from_this<state> {
    state(std::vector<server_script> s, tcp::acceptor a)
        : port(a.local_endpoint().port()), acceptor(std::move(a)), scripts(std::move(s))
    {}
    state(std::vector<server_script> s, asio::local::stream_protocol::acceptor a)
        : acceptor(std::move(a)), scripts(std::move(s))
    {}

    std::uint16_t port = 0;
    generic_acceptor acceptor;
    std::vector<server_script> scripts;
    std::vector<std::weak_ptr<server_connection>> connections;
    std::vector<received> requests;
    std::vector<tls_handshake> handshakes;
    std::size_t open = 0;
    std::size_t steps_done = 0;
    bool is_stopped = false;

    static asio::awaitable<void> accept(std::shared_ptr<state> self);
    static asio::awaitable<void>
    play(std::shared_ptr<state> self, std::shared_ptr<server_connection> c);

    asio::awaitable<bool> does(server_connection& c, const server_does::read_request&);
    asio::awaitable<bool> does(server_connection& c, const server_does::read_head&);
    asio::awaitable<bool> does(server_connection& c, const server_does::write& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::trickle& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::flood& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::pause& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::half_close&);
    asio::awaitable<bool> does(server_connection& c, const server_does::close&);
    asio::awaitable<bool> does(server_connection& c, const server_does::reset&);
    asio::awaitable<bool> does(server_connection& c, const server_does::hang&);
    asio::awaitable<bool> does(server_connection& c, const server_does::handshake& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::half_handshake& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::alert& step);
    asio::awaitable<bool> does(server_connection& c, const server_does::close_notify&);
};

asio::awaitable<void> misbehaving_server::state::accept(std::shared_ptr<state> self)
{
    for (;;) {
        auto [ec, socket] = co_await self->acceptor.async_accept(use_tuple);
        if (ec) co_return;
        auto c = std::make_shared<server_connection>(std::move(socket), self->connections.size());
        if (self->is_stopped) c->stop();
        self->connections.push_back(c);
        ++self->open;
        asio::co_spawn(self->acceptor.get_executor(), play(self, std::move(c)), asio::detached);
    }
}

asio::awaitable<void>
misbehaving_server::state::play(std::shared_ptr<state> self, std::shared_ptr<server_connection> c)
{
    const server_script& script = self->scripts[std::min(c->number(), self->scripts.size() - 1)];
    bool goes_on = true;
    for (std::size_t i = 0; goes_on && i < script.size(); ++i) {
        asio::awaitable<bool> step =
            std::visit([&](const auto& s) { return self->does(*c, s); }, script[i]);
        goes_on = co_await std::move(step);
        ++self->steps_done;
    }
    if (goes_on) co_await drain(*c);
    error_code gone;
    c->socket().close(gone);
    --self->open;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::read_request&)
{
    const std::size_t head = co_await read_head(c);
    if (head == 0) co_return false;
    const std::size_t whole = head + content_length(std::string_view(c.buffer()).substr(0, head));
    const bool goes_on = co_await c.read_as_far_as(whole);
    if (!goes_on) co_return false;
    requests.push_back({c.number(), c.buffer().substr(0, whole)});
    c.buffer().erase(0, whole);
    co_return true;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::read_head&)
{
    const std::size_t head = co_await read_head(c);
    co_return head != 0;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::write& step)
{
    const bool goes_on = co_await c.write(step.text);
    co_return goes_on;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::trickle& step)
{
    bool goes_on = true;
    for (std::size_t i = 0; goes_on && i < step.text.size(); ++i) {
        goes_on = co_await c.write(std::string_view(step.text).substr(i, 1));
        if (goes_on) goes_on = co_await c.wait_until(steady_clock::now() + step.pace);
    }
    co_return goes_on;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::flood& step)
{
    bool goes_on = true;
    while (goes_on) goes_on = co_await c.write(step.text);
    co_return false;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::pause& step)
{
    const bool goes_on = co_await c.wait_until(steady_clock::now() + step.span);
    co_return goes_on;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::half_close&)
{
    error_code ec;
    c.socket().shutdown(asio::socket_base::shutdown_send, ec);
    co_return !ec;
}

asio::awaitable<bool> misbehaving_server::state::does(server_connection&, const server_does::close&)
{
    co_return false;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::reset&)
{
    error_code ignored;
    c.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    co_return false;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::hang&)
{
    co_await c.wait_until(steady_clock::time_point::max());
    co_return false;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::handshake& step)
{
    tls_handshake done = co_await c.handshake(step.tls);
    const bool goes_on = !done.ec;
    handshakes.push_back(std::move(done));
    if (goes_on) co_return true;
    // With bytes of the peer unread a close would be an RST, which may overtake the alert.
    error_code ignored;
    c.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    co_await drain(c);
    co_return false;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::half_handshake& step)
{
    const bool goes_on = co_await c.half_handshake(step.tls, step.bytes);
    co_return goes_on;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::alert& step)
{
    const bool goes_on = co_await c.alert(step.description);
    co_return goes_on;
}

asio::awaitable<bool>
misbehaving_server::state::does(server_connection& c, const server_does::close_notify&)
{
    const bool goes_on = co_await c.close_notify();
    co_return goes_on;
}

misbehaving_server::misbehaving_server(
    asio::io_context& ctx,
    std::vector<server_script> scripts,
    const char* address,
    std::uint16_t port)
    : state_(std::make_shared<state>(
          std::move(scripts), listen(ctx, tcp::endpoint(asio::ip::make_address(address), port))))
{
    asio::co_spawn(ctx, state::accept(state_), asio::detached);
}

misbehaving_server::misbehaving_server(
    asio::io_context& ctx,
    std::vector<server_script> scripts,
    const asio::local::stream_protocol::endpoint& at)
    : state_(std::make_shared<state>(std::move(scripts), listen(ctx, at)))
{
    asio::co_spawn(ctx, state::accept(state_), asio::detached);
}

misbehaving_server::~misbehaving_server() { stop(); }

std::uint16_t misbehaving_server::port() const { return state_->port; }

void misbehaving_server::close_connections()
{
    error_code ignored;
    for (const auto& weak : state_->connections) {
        const auto c = weak.lock();
        if (!c) continue;
        c->socket().close(ignored);
        c->stop();
    }
}

void misbehaving_server::stop()
{
    state_->is_stopped = true;
    error_code ignored;
    state_->acceptor.close(ignored);
    for (const auto& weak : state_->connections) {
        if (const auto c = weak.lock()) c->stop();
    }
}

std::size_t misbehaving_server::accepted() const { return state_->connections.size(); }

std::size_t misbehaving_server::open() const { return state_->open; }

std::size_t misbehaving_server::steps_done() const { return state_->steps_done; }

const std::vector<misbehaving_server::received>& misbehaving_server::requests() const
{
    return state_->requests;
}

const std::vector<tls_handshake>& misbehaving_server::handshakes() const
{
    return state_->handshakes;
}

} // namespace carillon::test
