#pragma once

#include <carillon/detail/pending.hpp>
#include <carillon/error.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace carillon::detail {

/**
 * Where a runner is in its life, and who waits for its end. The core moves it on; the other parts
 * ask it what may begin.
 *
 * @code
 * resting --> loading --> firing --> stopping --> draining --> ended --> loading ...
 *     |          |                                ^     |      ^
 *     +----------+--------------------------------+     +--> cancelling
 * @endcode
 */
class lifecycle {
public:
    using handler_type = pending<void(error_code)>::handler_type;

    /** Is called when a waiting operation is cancelled, with whether to cancel the runs. */
    using cancel_handler = std::function<void(bool cancels_runs)>;

    /** What a `total` or `partial` cancellation does; `terminal` always cancels the runs. */
    enum class on_cancel { stop_firing, cancel_runs };

    explicit lifecycle(boost::asio::any_io_executor ex) : executor_(std::move(ex)) {}

    void serve(std::weak_ptr<void> owner, cancel_handler on_cancelled);

    /** `async_run` begins: the store is read next. False, and the handler is completed, where this
     * or a drain is under way. */
    bool run(handler_type handler);

    /** `async_drain` waits for the end. */
    void add_drain(handler_type handler);

    /** The store has been read. */
    void loaded();

    /** What `async_run` is to end with. */
    void fail(const error_code& why);

    /** Firing is to stop. Until @ref stopped what is due is settled, and nothing that waits begins.
     */
    void begin_stop();
    void stopped();

    /** Cancels all runs; claimed ones begin and end as cancelled. */
    void cancel();

    /** Nothing is under way any more: completes all that waited. */
    void finish();

    /** The runner is gone: who waits is told that it was cancelled. */
    void abandon();

    /** Schedules fire, or what is due at their end is being settled. */
    bool is_firing() const noexcept { return state_ == state::firing || state_ == state::stopping; }
    bool is_loading() const noexcept { return state_ == state::loading; }
    bool is_draining() const noexcept { return state_ >= state::draining; }
    bool is_cancelling() const noexcept { return state_ == state::cancelling; }
    /** Whether a run that waits for another's end may begin at that end. */
    bool begins_what_waits() const noexcept { return state_ != state::stopping; }
    bool is_running() const noexcept { return run_ != nullptr; }
    bool is_abandoned() const noexcept { return is_abandoned_; }

private:
    enum class state { resting, loading, firing, stopping, draining, cancelling, ended };

    /** An operation that ends when the last run has. */
    struct ending {
        pending<void(error_code)> operation;
        bool is_cancelled = false;
        error_code error{}; // why it ended by itself
    };

    std::shared_ptr<ending> make_ending(handler_type handler, on_cancel mild);

    boost::asio::any_io_executor executor_;
    std::weak_ptr<void> owner_;
    cancel_handler on_cancelled_;
    state state_ = state::resting;
    bool is_abandoned_ = false; // also while it drains
    std::shared_ptr<ending> run_;
    std::vector<std::shared_ptr<ending>> drains_;
};

} // namespace carillon::detail
