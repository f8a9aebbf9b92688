#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/uuid/uuid.hpp>

#include <utility>

namespace carillon {

/**
 * Where the runner has its time from: the seam between schedules and clocks.
 *
 * Two clocks are read: the wall clock, which people set, and the time since boot (CLOCK_BOOTTIME,
 * clock_gettime(2)), which no one sets and which counts suspend. An object is for one executor at a
 * time, and must be there when a wait is launched, which those of `boost::asio::deferred` are later
 * than called.
 */
class time_source {
public:
    using executor_type = boost::asio::any_io_executor;

    time_source() = default;
    time_source(const time_source&) = delete;
    time_source& operator=(const time_source&) = delete;
    virtual ~time_source() = default;

    /** Where its operations complete by default. */
    virtual executor_type get_executor() const noexcept = 0;

    /** The wall clock. */
    virtual instant now() const noexcept = 0;

    /** The time since the machine booted. */
    virtual microseconds since_boot() const noexcept = 0;

    /** Which boot of the machine this is: random(4)'s boot_id, in a container the host's; nil where
     * it cannot be told. */
    virtual boost::uuids::uuid boot_id() const noexcept = 0;

    /** The wall time of the boot, as both clocks have it now. */
    instant boot_time() const noexcept;

    /**
     * Waits until the wall clock shows `t` or later.
     *
     * Completes with success, never early; with @ref errc::clock_changed when the wall clock was
     * set meanwhile, so that the caller plans anew; with the system's code where no timer can be
     * had.
     *
     * Cancellation: `terminal`, `partial` and `total` end the wait with `operation_aborted`; it has
     * no side effects.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_wait_until(instant t, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, time_source* self, instant until) {
                self->wait_until(until, std::move(handler));
            },
            token, this, t);
    }

    /**
     * Waits for a span of elapsed time, whatever happens to the wall clock.
     *
     * Completes with success, never early; with the system's code where no timer can be had.
     *
     * Cancellation: `terminal`, `partial` and `total` end the wait with `operation_aborted`; it has
     * no side effects.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_wait_for(microseconds span, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, time_source* self, microseconds wait) {
                self->wait_for(wait, std::move(handler));
            },
            token, this, span);
    }

protected:
    using handler_type = boost::asio::any_completion_handler<void(error_code)>;

private:
    virtual void wait_until(instant t, handler_type handler) = 0;
    virtual void wait_for(microseconds span, handler_type handler) = 0;
};

/**
 * The system's clocks.
 *
 * Waits for the wall clock use a timerfd with TFD_TIMER_CANCEL_ON_SET (timerfd_create(2)), so they
 * see a step of the clock at once and a suspended machine's wake-up in time. Starts no thread.
 */
class system_time_source final : public time_source {
public:
    /** Reads the boot's id from /proc. */
    explicit system_time_source(boost::asio::any_io_executor ex);

    executor_type get_executor() const noexcept override { return executor_; }
    instant now() const noexcept override;
    microseconds since_boot() const noexcept override;
    boost::uuids::uuid boot_id() const noexcept override { return boot_id_; }

private:
    void wait_until(instant t, handler_type handler) override;
    void wait_for(microseconds span, handler_type handler) override;

    boost::asio::any_io_executor executor_;
    boost::uuids::uuid boot_id_;
};

} // namespace carillon
