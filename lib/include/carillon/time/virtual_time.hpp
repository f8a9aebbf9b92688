#pragma once

#include <carillon/time/time_source.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>

namespace carillon {

/**
 * A clock that moves only when told to: for tests and simulations.
 *
 * A wait completes when the clock reaches it, waits for one instant in the order in which they
 * began, but for those of @ref beforehand. To play a whole system, run its `io_context` by @ref
 * run_until, which jumps from one wait to the next.
 */
class virtual_time final : public time_source {
public:
    /** Starts the wall clock at `now` on a machine that booted `since_boot` ago. */
    virtual_time(
        boost::asio::any_io_executor ex, instant now, microseconds since_boot = microseconds{0});
    ~virtual_time() override;

    executor_type get_executor() const noexcept override { return executor_; }
    instant now() const noexcept override;
    microseconds since_boot() const noexcept override;
    boost::uuids::uuid boot_id() const noexcept override;

    /** The same clocks for waits that are over before all others of their instant. With @ref
     * run_until so is what follows from them: what lasts until an instant has ended by then. */
    std::unique_ptr<time_source> beforehand() const;

    /** The earliest wait, as wall time. */
    std::optional<instant> next_wait() const;

    /** Moves both clocks forward to `t`, completing the waits on the way; an earlier `t` changes
     * nothing. */
    void advance_to(instant t);

    /** Sets the wall clock alone, as an administrator does: waits for it end with @ref
     * errc::clock_changed. */
    void step(microseconds by);

    /** Boots the machine anew, now: waits of before end with `operation_aborted`. */
    void reboot();

    /** Runs `ctx` until no work is ready and no wait comes due before `end`; the clock then shows
     * `end`. */
    void run_until(boost::asio::io_context& ctx, instant end);

private:
    class waits;

    virtual_time(boost::asio::any_io_executor ex, std::shared_ptr<waits> shared, bool is_first);

    void wait_until(instant t, handler_type handler) override;
    void wait_for(microseconds span, handler_type handler) override;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<waits> waits_;
    bool is_first_ = false; // of those of an instant
};

} // namespace carillon
