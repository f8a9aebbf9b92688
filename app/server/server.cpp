#include "server/server.hpp"

#include "server/server_connection.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/detail/spawn.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <unordered_set>
#include <utility>

namespace asio = boost::asio;

namespace carillon::app {
namespace {

using detail::use_tuple;

/// A shortage of descriptors or memory is not over at once.
constexpr std::chrono::milliseconds accept_pause{100};

} // namespace

/** Everything but the interface. Kept alive by its coroutines, which may end after the server. */
class server::core : public std::enable_shared_from_this<core> {
public:
    core(const asio::any_io_executor& ex, request_handler handler, const server_options& options)
        : executor_(ex), handler_(std::move(handler)), options_(options), acceptor_(ex),
          changed_(ex)
    {}

    result<asio::ip::tcp::endpoint> listen(const asio::ip::tcp::endpoint& at);
    void run(run_handler handler);
    void stop();
    void cancel();

private:
    using protocol = server_connection::protocol;
    using operation = detail::pending<void(error_code)>;
    using connection_ptr = std::shared_ptr<server_connection>;

    void on_cancel(asio::cancellation_type type);
    asio::awaitable<void> accept_all();
    void begin(server_connection::socket_type s);
    void end(const connection_ptr& c);
    void accepting_ended(const std::exception_ptr& thrown);
    void finish_if_idle();

    asio::any_io_executor executor_;
    request_handler handler_;
    server_options options_;
    asio::basic_socket_acceptor<protocol> acceptor_;
    asio::steady_timer changed_; // cancelled when a connection has ended: there may be room again
    std::unordered_set<connection_ptr> connections_;
    std::optional<operation> running_;
    error_code outcome_; // of async_run
    bool accepting_ = false;
    bool stopping_ = false;
};

result<asio::ip::tcp::endpoint> server::core::listen(const asio::ip::tcp::endpoint& at)
{
    error_code ec; // what the calls return, too
    static_cast<void>(acceptor_.open(at.protocol(), ec));
    if (!ec) static_cast<void>(acceptor_.set_option(asio::socket_base::reuse_address(true), ec));
    if (!ec) static_cast<void>(acceptor_.bind(at, ec));
    if (!ec) static_cast<void>(acceptor_.listen(asio::socket_base::max_listen_connections, ec));
    const protocol::endpoint local = ec ? protocol::endpoint() : acceptor_.local_endpoint(ec);
    if (ec) {
        error_code ignored;
        static_cast<void>(acceptor_.close(ignored));
        return ec;
    }
    asio::ip::tcp::endpoint bound;
    bound.resize(local.size());
    std::memcpy(bound.data(), local.data(), local.size());
    return bound;
}

void server::core::run(run_handler handler)
{
    operation op(executor_, std::move(handler));
    if (running_) return std::move(op).complete(errc::already_running);
    if (!acceptor_.is_open()) return std::move(op).complete(errc::not_running);

    running_.emplace(std::move(op));
    if (auto slot = running_->slot(); slot.is_connected())
        slot.assign([weak = weak_from_this()](asio::cancellation_type type) {
            if (const auto self = weak.lock()) self->on_cancel(type);
        });
    accepting_ = true;
    auto ended = [self = shared_from_this()](const std::exception_ptr& thrown) {
        self->accepting_ended(thrown);
    };
    asio::co_spawn(executor_, accept_all(), std::move(ended));
}

void server::core::on_cancel(asio::cancellation_type type)
{
    if (!running_) return;
    outcome_ = asio::error::operation_aborted;
    if ((type & asio::cancellation_type::terminal) != asio::cancellation_type::none)
        cancel();
    else
        stop();
}

void server::core::stop()
{
    stopping_ = true;
    error_code ignored;
    static_cast<void>(acceptor_.close(ignored));
    changed_.cancel();
    for (const connection_ptr& c : connections_) c->stop();
}

void server::core::cancel()
{
    stop();
    for (const connection_ptr& c : connections_) c->cancel();
}

asio::awaitable<void> server::core::accept_all()
{
    while (!stopping_) {
        if (connections_.size() >= options_.max_connections) {
            changed_.expires_at(
                asio::steady_timer::time_point::max()); // connections have deadlines
            co_await changed_.async_wait(use_tuple);
            continue;
        }
        auto [ec, accepted] = co_await acceptor_.async_accept(use_tuple);
        if (stopping_) break;
        if (!ec) {
            begin(std::move(accepted));
        } else {
            changed_.expires_after(accept_pause);
            co_await changed_.async_wait(use_tuple);
        }
    }
}

void server::core::begin(server_connection::socket_type s)
{
    auto c = std::make_shared<server_connection>(std::move(s), handler_, options_);
    connections_.insert(c);
    auto ended = [self = shared_from_this(), c](const std::exception_ptr&) { self->end(c); };
    asio::co_spawn(
        executor_, c->serve(), asio::bind_cancellation_slot(c->slot(), std::move(ended)));
}

void server::core::end(const connection_ptr& c)
{
    connections_.erase(c);
    changed_.cancel();
    finish_if_idle();
}

void server::core::accepting_ended(const std::exception_ptr& thrown)
{
    accepting_ = false;
    if (thrown) {
        outcome_ = detail::code_of(thrown);
        stop();
    }
    finish_if_idle();
}

void server::core::finish_if_idle()
{
    if (accepting_ || !connections_.empty()) return;
    std::optional<operation> op = std::exchange(running_, std::nullopt);
    if (op) std::move(*op).complete(outcome_);
}

const std::string* server_request::find(std::string_view name) const noexcept
{
    const auto at = std::find_if(fields.begin(), fields.end(), [&](const http::field& f) {
        return detail::equals_ignoring_case(f.name, name);
    });
    return at == fields.end() ? nullptr : &at->value;
}

server::server(asio::any_io_executor ex, request_handler handler, server_options options)
    : core_(std::make_shared<core>(ex, std::move(handler), options))
{}

server::~server() { core_->cancel(); }

result<asio::ip::tcp::endpoint> server::listen(const asio::ip::tcp::endpoint& at)
{
    return core_->listen(at);
}

void server::run(run_handler handler) { core_->run(std::move(handler)); }

void server::stop() { core_->stop(); }

} // namespace carillon::app
