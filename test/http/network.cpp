#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <http/network.hpp>
#include <iterator>
#include <ostream>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace carillon::test {
namespace {

/// Far more than any test needs; a test that waits for ever ends so.
constexpr auto hang_guard = 20s;

} // namespace

struct exchange::state {
    asio::cancellation_signal signal;
    int completions = 0;
    error_code ec;
    http::response reply;
};

exchange::exchange(http::transport& via, http::request req, const http::limits& lim)
    : state_(std::make_shared<state>())
{
    auto handler = [s = state_](error_code ec, http::response reply) {
        ++s->completions;
        s->ec = ec;
        s->reply = std::move(reply);
    };
    via.async_send(
        std::move(req), lim,
        asio::bind_cancellation_slot(state_->signal.slot(), std::move(handler)));
    BOOST_TEST(!done(), "an operation must not complete within its initiation");
}

void exchange::cancel(asio::cancellation_type type) { state_->signal.emit(type); }

bool exchange::done() const
{
    BOOST_TEST(state_->completions <= 1);
    return state_->completions != 0;
}

error_code exchange::ec() const { return state_->ec; }

const http::response& exchange::reply() const { return state_->reply; }

void network::run_until(const std::function<bool()>& holds)
{
    const auto limit = std::chrono::steady_clock::now() + hang_guard;
    ctx.restart();
    while (!holds() && ctx.run_one_until(limit) != 0) {
    }
    BOOST_REQUIRE(holds());
}

exchange network::run(http::transport& via, http::request req, const http::limits& lim)
{
    exchange e(via, std::move(req), lim);
    run_until([&] { return e.done(); });
    return e;
}

void network::finish(misbehaving_server& server)
{
    server.stop();
    finish();
    BOOST_TEST(server.open() == 0U);
}

void network::finish()
{
    ctx.restart();
    ctx.run_for(hang_guard);
    BOOST_TEST(ctx.stopped(), "the io_context has work left");
}

http::request request_to(std::uint16_t port, std::string method, std::string body, std::string host)
{
    http::request req;
    req.method = std::move(method);
    req.target.scheme = "http";
    req.target.host = std::move(host);
    req.target.port = port;
    req.body = std::move(body);
    return req;
}

std::string reply_of(const std::string& body)
{
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::size_t open_descriptors()
{
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace carillon::test
