#pragma once

#include "config/config_loader.hpp"
#include "plan/written_keys.hpp"
#include "service/engine.hpp"
#include "service/service_status.hpp"
#include "service/shutdown_sequence.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/**
 * The program that fires schedules: the only daemon of its store, with reload, systemd's readiness
 * and watchdog.
 *
 * SIGTERM and SIGINT stop firing and let runs end within the grace period, then cancel them; see
 * @ref shutdown_sequence. SIGHUP reloads, or stops where there is nothing to reload.
 */
class daemon {
public:
    /** `reload` loads the configuration again, see @ref config_loader; empty where there is none to
     * load. Throws @ref store_unusable. */
    explicit daemon(configuration config, config_loader::load_function reload = {});

    /** Fires jobs until it is told to stop: 0, or @ref exit_cannot_start where the store cannot be
     * read. */
    int run();

    /** Stops as SIGTERM does. */
    void stop();

    /** `f` is called once, when the last run has ended. It ends whatever else would keep the
     * process alive, such as a server. */
    void on_stopped(std::function<void()> f) { stopped_ = std::move(f); }

    /** Waits until everything logged so far is written. */
    void flush_log() { engine_.flush_log(); }

    boost::asio::io_context& context() { return engine_.context(); }
    carillon::runner& runner() { return engine_.runner(); }

private:
    void watch_signals();
    void await_hangup();
    void on_event(const event& e);
    void reload();
    config_loader::inspection planner() const;
    void reloaded(config_loader::loaded config, const std::string& plan);
    void reload_failed(std::string_view why);
    void ready();
    void notify_ready();
    void kick_watchdog();
    void finish();

    std::vector<written_key> keys_; // of the configuration that is in force
    engine engine_;
    const microseconds started_ = engine_.time().since_boot();
    shutdown_sequence shutdown_{engine_};
    service_status status_{engine_.context().get_executor(), engine_.runner()};
    boost::asio::signal_set hangup_{engine_.context()};
    boost::asio::steady_timer watchdog_{engine_.context()};
    std::optional<config_loader> loader_;
    std::function<void()> stopped_;
    int code_ = 0;              // of the process
    bool reload_again_ = false; // asked for while one was under way
    bool is_stalled_ = false;   // the store has not answered in time
    bool is_closed_ = false;    // nothing waits any longer
};

} // namespace carillon::app
