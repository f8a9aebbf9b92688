#include <carillon/detail/spawn.hpp>
#include <carillon/detail/use_tuple.hpp>
#include <carillon/http/scripted_transport.hpp>

#include <tuple>

namespace asio = boost::asio;

namespace carillon::http {
namespace {

asio::awaitable<std::tuple<error_code, response>>
play(time_source* time, scripted_reply reply, limits lim)
{
    const bool late = reply.delay >= lim.timeout;
    response nothing;
    nothing.phase = phase::first_byte;

    const microseconds wait = late ? lim.timeout : reply.delay;
    if (wait > microseconds{0}) {
        auto [ec] = co_await time->async_wait_for(wait, carillon::detail::use_tuple);
        if (ec) co_return std::tuple{ec, std::move(nothing)};
    }
    if (late) co_return std::tuple{make_error_code(errc::timed_out), std::move(nothing)};
    if (!reply.error && reply.reply.body.size() > lim.max_body_bytes)
        reply.error = errc::body_too_large;
    co_return std::tuple{reply.error, std::move(reply.reply)};
}

} // namespace

scripted_reply reply_with(int status, std::string body, microseconds delay)
{
    scripted_reply out;
    out.delay = delay;
    out.reply.status = status;
    out.reply.body = std::move(body);
    out.reply.phase = phase::body;
    return out;
}

scripted_transport::scripted_transport(asio::any_io_executor ex, time_source& time, script answer)
    : executor_(std::move(ex)), time_(time), answer_(std::move(answer))
{}

void scripted_transport::send(request req, const limits& lim, handler_type handler)
{
    scripted_reply reply = answer_(req);
    if (req.on_connected && reply.reply.phase > phase::handshake) req.on_connected();
    carillon::detail::spawn<response>(
        executor_, play(&time_, std::move(reply), lim), std::move(handler));
}

} // namespace carillon::http
