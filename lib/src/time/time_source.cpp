#include <carillon/detail/last_error.hpp>
#include <carillon/detail/spawn.hpp>
#include <carillon/detail/use_tuple.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/uuid/nil_generator.hpp>
#include <boost/uuid/string_generator.hpp>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/timerfd.h>
#include <tuple>
#include <unistd.h>

namespace asio = boost::asio;

namespace carillon {
namespace {

using detail::last_error;
using detail::use_tuple;

microseconds read_clock(clockid_t id) noexcept
{
    timespec ts{};
    ::clock_gettime(id, &ts);
    return std::chrono::seconds{ts.tv_sec} +
           std::chrono::floor<microseconds>(std::chrono::nanoseconds{ts.tv_nsec});
}

boost::uuids::uuid read_boot_id()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    if (!std::getline(file, text)) return boost::uuids::nil_uuid();
    try {
        return boost::uuids::string_generator()(text);
    } catch (const std::runtime_error&) {
        return boost::uuids::nil_uuid();
    }
}

/** Sets a timerfd to an instant of the wall clock. If the clock is set afterwards, that cancels
 * it. */
error_code set_timer(int fd, instant t)
{
    itimerspec spec{};
    // Zero would disarm the timer; any instant that has passed makes it readable at once.
    const microseconds since_epoch = std::max(t.time_since_epoch(), microseconds{1});
    spec.it_value.tv_sec =
        static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(since_epoch).count());
    spec.it_value.tv_nsec = static_cast<long>(since_epoch.count() % 1'000'000 * 1000);
    if (::timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr) == 0)
        return {};
    // The kernel arms the timer nevertheless, and reports that the clock was set before.
    return errno == ECANCELED ? make_error_code(errc::clock_changed) : last_error();
}

asio::awaitable<std::tuple<error_code>> wait_for_wall_clock(asio::any_io_executor ex, instant t)
{
    // Stopping a wait has no side effects, so every type of cancellation is honoured.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());

    asio::posix::stream_descriptor timer(
        ex, ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (error_code ec = set_timer(timer.native_handle(), t)) co_return std::tuple{ec};

    auto [ec] = co_await timer.async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
    if (ec) co_return std::tuple{ec};

    // Asio's own read could not tell a clock step from a cancellation: both are ECANCELED.
    std::uint64_t expirations = 0;
    if (::read(timer.native_handle(), &expirations, sizeof expirations) >= 0)
        co_return std::tuple{error_code{}};
    co_return std::tuple{errno == ECANCELED ? make_error_code(errc::clock_changed) : last_error()};
}

} // namespace

instant time_source::boot_time() const noexcept
{
    // If the thread is stopped between the two readings, by a freezer or a suspend, the pause would
    // look like a step of the clock.
    constexpr microseconds at_once = std::chrono::milliseconds{10};
    constexpr int tries = 100;
    instant boot{};
    for (int i = 0; i < tries; ++i) {
        const microseconds before = since_boot();
        boot = now() - before;
        if (since_boot() - before < at_once) break;
    }
    return boot;
}

system_time_source::system_time_source(asio::any_io_executor ex)
    : executor_(std::move(ex)), boot_id_(read_boot_id())
{}

instant system_time_source::now() const noexcept { return instant{read_clock(CLOCK_REALTIME)}; }

microseconds system_time_source::since_boot() const noexcept { return read_clock(CLOCK_BOOTTIME); }

// A wait may be cancelled on another thread than its executor's, so each has a strand. One strand
// of the source would have to end before the context, but the source may outlive that.

void system_time_source::wait_until(instant t, handler_type handler)
{
    const asio::any_io_executor ex = asio::make_strand(executor_);
    detail::spawn<>(ex, wait_for_wall_clock(ex, t), std::move(handler));
}

void system_time_source::wait_for(microseconds span, handler_type handler)
{
    // No coroutine, since ten thousand attempts may wait for a permit, each with a deadline.
    const auto timer = std::make_shared<asio::steady_timer>(asio::make_strand(executor_), span);
    detail::pending<void(error_code)> operation(executor_, std::move(handler));
    // The handler in the slot may outlive the context, so it must own nothing of it.
    if (auto slot = operation.slot(); slot.is_connected())
        slot.assign([weak = std::weak_ptr(timer)](asio::cancellation_type) {
            const auto waits = weak.lock();
            if (!waits) return;
            asio::dispatch(waits->get_executor(), [weak] {
                if (const auto alive = weak.lock()) alive->cancel();
            });
        });
    timer->async_wait([timer, operation = std::move(operation)](const error_code& ec) mutable {
        std::move(operation).complete(ec);
    });
}

} // namespace carillon
