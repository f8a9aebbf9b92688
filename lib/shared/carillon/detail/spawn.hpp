#pragma once

#include <carillon/detail/pending.hpp>
#include <carillon/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include <exception>
#include <memory>
#include <new>
#include <tuple>
#include <utility>

namespace carillon::detail {

/** The code for an exception that ended a coroutine. */
inline error_code code_of(const std::exception_ptr& thrown)
{
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& e) {
        return e.code();
    } catch (const std::bad_alloc&) {
        return make_error_code(boost::system::errc::not_enough_memory);
    } catch (...) {
        return errc::internal;
    }
}

/** The signal that cancels a coroutine. The coroutine's completion handler owns it. */
struct cancellation {
    explicit cancellation(boost::asio::any_io_executor ex) : executor(std::move(ex)) {}

    boost::asio::any_io_executor executor;
    boost::asio::cancellation_signal signal{};
};

/**
 * Runs a coroutine on `ex` and gives its result to a handler. All operations with completion
 * tokens that are coroutines inside begin here.
 *
 * The handler's cancellation slot reaches the coroutine, which filters the types that it
 * honours. An exception becomes a code, with default values. So the fault of one operation does
 * not leave through the caller's event loop.
 */
template <class... Ts>
void spawn(
    const boost::asio::any_io_executor& ex,
    boost::asio::awaitable<std::tuple<error_code, Ts...>> body,
    boost::asio::any_completion_handler<void(error_code, Ts...)> handler)
{
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    pending<void(error_code, Ts...)> operation(ex, std::move(handler));
    // The caller may cancel on another thread, while co_spawn is working, and its signal may end
    // before `ex` is reached, while co_spawn has a pointer to it. So a signal of our own is emitted
    // on `ex`. The caller's signal may also outlive the context, so the function in the slot owns
    // nothing.
    const auto cancel = std::make_shared<cancellation>(ex);
    if (slot.is_connected())
        slot.assign([weak = std::weak_ptr(cancel)](boost::asio::cancellation_type type) {
            const auto running = weak.lock();
            if (!running) return;
            boost::asio::dispatch(running->executor, [weak, type] {
                if (const auto alive = weak.lock()) alive->signal.emit(type);
            });
        });
    boost::asio::co_spawn(
        ex, std::move(body),
        boost::asio::bind_cancellation_slot(
            cancel->signal.slot(),
            [cancel, operation = std::move(operation)](
                const std::exception_ptr& thrown, std::tuple<error_code, Ts...> result) mutable {
                if (thrown) result = std::tuple<error_code, Ts...>{code_of(thrown), Ts{}...};
                std::apply(
                    [&](auto&&... values) { std::move(operation).complete(std::move(values)...); },
                    std::move(result));
            }));
}

} // namespace carillon::detail
