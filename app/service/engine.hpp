#pragma once

#include "config/config.hpp"
#include "log/sinks.hpp"
#include <carillon/http/client.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/store/store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace carillon::app {

/**
 * What runs jobs in this process: log sinks, event loop, clock, client, store and runner, wired
 * once as a configuration says.
 *
 * It starts nothing by itself. @ref daemon and @ref one_run tell its runner what to do.
 */
class engine {
public:
    /** `is_daemon`: the only daemon of its store; else it works beside one, or without one. Throws
     * @ref store_unusable. Blocks while the store is opened. */
    engine(configuration config, bool is_daemon);

    /** Takes over sinks, limits and jobs of a configuration. The store stays the one that was
     * opened. Throws where a sink's thread cannot be started. */
    void apply(configuration config);

    /** Waits until everything logged so far is written, as @ref log_sinks::flush does. */
    void flush_log() { sinks_.flush(); }

    /** Closes the store, on any thread; it may take as long as a disk does. The runner has ended
     * before. */
    void close_store() { store_.reset(); }

    /** Writes a line about the program to the log. */
    void log(log_level level, std::string_view event, std::string message) const;

    const time_source& time() const { return time_; }
    boost::asio::io_context& context() { return ctx_; }
    carillon::runner& runner() { return runner_; }
    const carillon::runner& runner() const { return runner_; }

    /** As it was opened, but `on_error` as it is now. */
    const store_options& store_settings() const { return store_options_; }

    /** How long runs have to end when the process stops. */
    microseconds shutdown_grace() const { return shutdown_grace_; }

private:
    void apply_store(const store_options& options);

    log_sinks sinks_;
    boost::asio::io_context ctx_{1};
    system_time_source time_{ctx_.get_executor()};
    http::client client_{ctx_.get_executor()};
    store_options store_options_;
    std::unique_ptr<carillon::store> store_;
    carillon::runner runner_;
    microseconds shutdown_grace_{0};
};

} // namespace carillon::app
