#include "http/deadline.hpp"

namespace asio = boost::asio;

namespace carillon::http::detail {

struct deadline::state {
    explicit state(const asio::any_io_executor& ex) : timer(ex) {}

    asio::steady_timer timer;
    stream_socket* socket = nullptr;
    bool has_passed = false;
};

deadline::deadline(const asio::any_io_executor& ex) : state_(std::make_shared<state>(ex)) {}

deadline::~deadline() { stop(); }

void deadline::watch(stream_socket& socket, time_point until)
{
    state_->socket = &socket;
    state_->timer.expires_at(until);
    state_->timer.async_wait([weak = std::weak_ptr(state_), until](const error_code& ec) {
        const auto self = weak.lock();
        // A wait that ended just before the next one began belongs to the former socket.
        if (ec || !self || self->socket == nullptr || self->timer.expiry() != until) return;
        self->has_passed = true;
        error_code ignored;
        static_cast<void>(self->socket->close(ignored));
    });
}

void deadline::stop()
{
    state_->socket = nullptr;
    state_->timer.cancel();
}

bool deadline::has_passed() const noexcept { return state_->has_passed; }

error_code deadline::cause_of(const error_code& ec) const
{
    return ec && state_->has_passed ? make_error_code(errc::timed_out) : ec;
}

} // namespace carillon::http::detail
