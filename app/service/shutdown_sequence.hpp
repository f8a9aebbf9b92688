#pragma once

#include "service/engine.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <initializer_list>
#include <string_view>

namespace carillon::app {

/**
 * How a process that runs jobs ends: signals, the grace period, and the closing of store and log.
 *
 * The first signal asks the owner to stop. A second one ends the process at once, with 128 and its
 * number as the exit code.
 */
class shutdown_sequence {
public:
    /** The engine must outlive it. */
    explicit shutdown_sequence(engine& of);

    /** Calls `on_signal` for the first of these signals that arrives. */
    void watch(std::initializer_list<int> signals, std::function<void()> on_signal);

    /** From then on nothing more starts, and a signal ends the process at once. */
    bool is_stopping() const { return is_stopping_; }

    /** Drains the runner, and cancels the runs that have not ended within the grace period.
     * `what` continues the line `stopping` of the log; where it is empty, the line says how many
     * runs are under way. */
    void stop(std::string_view what = {});

    /**
     * Closes the store and flushes the log when the runner has ended. Then it calls `on_closed`,
     * and nothing of its own keeps the event loop any longer.
     *
     * A store that cannot be closed in time ends the process with `code_without_store`.
     */
    void close(int code_without_store, std::function<void()> on_closed = {});

private:
    void await_signal();
    void on_signal(int number);
    void cancel_runs();
    void end();
    void end_without_store();

    engine& engine_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_; // of the grace period, then of the patience with the store
    boost::asio::cancellation_signal cancel_drain_;
    std::function<void()> on_signal_;
    std::function<void()> on_closed_;
    int code_without_store_ = 0;
    bool is_stopping_ = false;
    bool is_closed_ = false;
    bool has_given_up_store_ = false;
    // Wait for the store and the sinks at the end. Last: joined before all that they refer to.
    boost::asio::thread_pool ending_{2};
};

} // namespace carillon::app
