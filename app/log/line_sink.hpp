#pragma once

#include "log/sinks.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace carillon::app {

/**
 * One sink at work: a bounded queue, and a thread that formats and writes.
 *
 * A record for which the queue has no room, or that cannot be written, is dropped and counted. The
 * count is written when lines can be written again. All members may be called from any thread. Only
 * those that say so wait for a write.
 */
class line_sink {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /** Takes a warning about this sink, for others to show. Called on the sink's thread. */
    using complaint = std::function<void(const log_entry&)>;

    line_sink(sink_options options, complaint complain);

    /** Closes. A thread that is still inside a write is left to end by itself: it owns what it
     * touches. */
    ~line_sink();

    line_sink(const line_sink&) = delete;
    line_sink& operator=(const line_sink&) = delete;

    const sink_options& options() const noexcept;

    /** Whether the sink's filter lets the entry pass. */
    bool wants(const log_entry& e) const;

    /** Whether the last write, if any, went well. */
    bool works() const;

    /** Queues an entry, or drops it where there is no room; false once the sink is closed. */
    bool push(shared_log_entry e);

    /** Takes no more records. Those that wait are still written. */
    void close();

    /** Whether it is closed and its thread is done. */
    bool has_ended() const;

    /** Waits until everything pushed so far is written or dropped, after @ref close for the
     * thread's end, but no longer than until `until`. */
    void wait_until_written(time_point until);

private:
    class state;

    std::shared_ptr<state> state_;
    std::thread thread_;
};

} // namespace carillon::app
