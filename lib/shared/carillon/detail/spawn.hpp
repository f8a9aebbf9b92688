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

/** What reaches a coroutine; owned by its completion handler. */
struct cancellation {
    explicit cancellation(boost::asio::any_io_executor ex) : executor(std::move(ex)) {}

    boost::asio::any_io_executor executor;
    boost::asio::cancellation_signal signal{};
};

/**
 * Runs a coroutine on `ex` and hands its result to a handler: the one bridge from completion tokens
 * to coroutines.
 *
 * The handler's cancellation slot reaches the coroutine, which filters what it honours. An
 * exception becomes a code with default values beside it, so that one operation's fault never
 * leaves through the caller's event loop.
 */
template <class... Ts>
void spawn(
    const boost::asio::any_io_executor& ex,
    boost::asio::awaitable<std::tuple<error_code, Ts...>> body,
    boost::asio::any_completion_handler<void(error_code, Ts...)> handler)
{
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    pending<void(error_code, Ts...)> operation(ex, std::move(handler));
    // Whoever cancels may be on another thread, and the caller's signal may end before `ex` is
    // reached: co_spawn itself would be met in the midst of its work, or keep a pointer to that. It
    // may outlive the context, too, so that what stands in the slot owns nothing.
    const auto cancel = std::make_shared<cancellation>(ex);
    if (slot.is_connected())
        slot.assign([weak = std::weak_ptr(cancel)](boost::asio::cancellation_type type) {
            const auto goes = weak.lock();
            if (!goes) return;
            boost::asio::dispatch(goes->executor, [weak, type] {
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
