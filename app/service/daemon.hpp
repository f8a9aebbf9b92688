#pragma once

#include "config/config.hpp"
#include "config/config_loader.hpp"
#include "log/sinks.hpp"
#include "service/service_status.hpp"
#include <carillon/http/client.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/store/store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::app {

/**
 * The program at work: sinks, clock, client, store and runner, wired once, with signals, watchdog
 * and shutdown.
 *
 * SIGTERM and SIGINT stop firing and let runs end within the grace period, then cancel them; a
 * second one ends the process at once, and so does a store that cannot be closed in time. SIGHUP
 * reloads, or stops where there is nothing to reload.
 */
class daemon {
public:
    /** What the process is for. */
    enum class purpose {
        /// Fires schedules: the one daemon of its store.
        schedule,
        /// One run that someone has asked for, beside a daemon or without one.
        one_run,
    };

    /** `reload` loads the configuration anew, see @ref config_loader; empty where there is none to
     * load. Throws @ref store_unusable. */
    daemon(configuration config, purpose what, config_loader::load_function reload = {});

    /** Fires jobs until it is told to stop: 0, or @ref exit_cannot_start where the store cannot be
     * read. */
    int run();

    /** Runs the chain of a job of the configuration: 0 when it completed, 1 when not. */
    int once(const std::string& job);

    /** Takes a run that has ended up again, from the jobs that did not complete: likewise, or
     * another of @ref exit_code. */
    int retry(run_id run);

    /** Stops as SIGTERM does. */
    void stop();

    /** `f` is called once, when the last run has ended. It ends whatever else would keep the
     * process alive, such as a server. */
    void on_stopped(std::function<void()> f) { stopped_ = std::move(f); }

    /** Waits until everything logged so far is written. */
    void flush_log() { sinks_.flush(); }

    boost::asio::io_context& context() { return ctx_; }
    carillon::runner& runner() { return runner_; }

private:
    void install(configuration config);
    void install_store(const store_options& options);
    using run_handler = std::function<void(error_code, const run_record&)>;
    int run_one(const std::function<void(run_handler)>& start);
    void await_signal();
    void on_signal(int number);
    void cancel_runs();
    void reload();
    void reloaded(config_loader::loaded config);
    void reload_failed(std::string_view why);
    void ready();
    void notify_ready();
    void kick_watchdog();
    void finish();
    void end();
    void end_without_store();
    void log(log_level level, std::string_view event, std::string message);

    log_sinks sinks_;
    boost::asio::io_context ctx_{1};
    system_time_source time_{ctx_.get_executor()};
    http::client client_{ctx_.get_executor()};
    purpose purpose_;
    store_options store_options_;
    std::unique_ptr<carillon::store> store_;
    carillon::runner runner_;
    service_status status_{ctx_.get_executor(), runner_};
    boost::asio::signal_set signals_{ctx_};
    boost::asio::steady_timer grace_{ctx_};
    boost::asio::steady_timer watchdog_{ctx_};
    boost::asio::cancellation_signal cancel_once_;
    boost::asio::cancellation_signal cancel_drain_;
    std::optional<config_loader> reload_;
    std::function<void()> stopped_;
    microseconds shutdown_grace_{0};
    int code_ = 0; // of the process
    bool stopping_ = false;
    bool reload_again_ = false; // asked for while one was under way
    bool finished_ = false;
    bool is_recorded_ = true;         // each run's end
    bool is_stalled_ = false;         // the store has not answered in time
    bool goes_without_store_ = false; // at the end
    // Wait for the store and the sinks at the end. Last: joined before all that they refer to.
    boost::asio::thread_pool ending_{2};
};

} // namespace carillon::app
