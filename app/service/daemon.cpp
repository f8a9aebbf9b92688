#include "service/daemon.hpp"

#include "base/exit_code.hpp"
#include "plan/reload_plan.hpp"
#include "service/systemd.hpp"
#include "text/describe.hpp"

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <exception>
#include <malloc.h>
#include <signal.h>
#include <utility>

namespace carillon::app {

daemon::daemon(configuration config, config_loader::load_function reload)
    : keys_(keys_of(config)), engine_(std::move(config), true)
{
    if (reload)
        loader_.emplace(
            engine_.context().get_executor(), std::move(reload),
            [this](auto loaded, const std::string& plan) { reloaded(std::move(loaded), plan); });
    engine_.runner().on_event([this](const event& e) { on_event(e); });
}

void daemon::on_event(const event& e)
{
    status_.on_event(e);
    if (const auto* f = std::get_if<store_failed>(&e))
        is_stalled_ = f->error == errc::store_stalled;
    if (std::holds_alternative<store_recovered>(e)) is_stalled_ = false;
    if (std::holds_alternative<firing_began>(e)) ready();
}

int daemon::run()
{
    watch_signals();
    engine_.runner().async_run([this](error_code ec) {
        if (ec && ec != boost::asio::error::operation_aborted) {
            // The supervisor learns by the exit code that nothing fires.
            engine_.log(log_level::error, "not_run", "the store cannot be read: " + describe(ec));
            code_ = exit_cannot_start;
        }
        engine_.log(log_level::info, "stopped", "carillon has stopped");
        finish();
    });
    kick_watchdog();
    engine_.context().run();
    return code_;
}

void daemon::watch_signals()
{
    const auto on_signal = [this] { stop(); };
    if (!loader_) return shutdown_.watch({SIGTERM, SIGINT, SIGHUP}, on_signal);
    shutdown_.watch({SIGTERM, SIGINT}, on_signal);
    hangup_.add(SIGHUP);
    await_hangup();
}

void daemon::await_hangup()
{
    hangup_.async_wait([this](error_code ec, int) {
        if (ec || is_closed_) return;
        await_hangup();
        reload();
    });
}

void daemon::ready()
{
    // The memory that the start needed is given back to the system: a daemon runs for months.
    ::malloc_trim(0);
    engine_.log(
        log_level::info, "ready",
        "carillon is ready with " + count_of_jobs(engine_.runner().jobs()->size()));
    notify_ready();
}

void daemon::stop()
{
    status_.close();
    shutdown_.stop();
}

void daemon::reload()
{
    if (shutdown_.is_stopping()) return;
    try {
        if (!loader_->start(planner())) {
            reload_again_ = true; // the file may have changed since it was read
            return engine_.log(
                log_level::warning, "reloading",
                "asked to reload while a reload is still under way");
        }
        notify_systemd(reloading_state());
    } catch (const std::exception& e) {
        reload_failed(e.what());
    }
}

/** What a configuration that was loaded will change, in words. */
config_loader::inspection daemon::planner() const
{
    const time_source& time = engine_.time();
    const instant now = time.now();
    const time_origins origins{
        .boot = time.boot_time(), .start = now - (time.since_boot() - started_)};
    return [before = current_configuration{engine_.runner().jobs(), keys_}, origins,
            now](const configuration& after) {
        return in_words(plan_reload(before, after, origins, now));
    };
}

void daemon::reloaded(config_loader::loaded config, const std::string& plan)
{
    if (shutdown_.is_stopping()) return;
    if (config) {
        // It may fail, for want of a thread for a new sink: that must not end the daemon.
        try {
            auto keys = keys_of(*config);
            engine_.apply(std::move(*config));
            keys_ = std::move(keys);
            ::malloc_trim(0);
            engine_.log(
                log_level::info, "reloaded",
                fmt::format(
                    "reloaded: {}{}{}", count_of_jobs(engine_.runner().jobs()->size()),
                    plan.empty() ? "" : "; ", plan));
        } catch (const std::exception& e) {
            reload_failed(e.what());
        }
    } else {
        for (const config_error& e : config.error().errors)
            engine_.log(log_level::error, "configuration", to_string(e));
        reload_failed("the configuration is wrong");
    }
    notify_ready();
    if (std::exchange(reload_again_, false)) reload();
}

void daemon::reload_failed(std::string_view why)
{
    engine_.log(
        log_level::error, "reload_failed",
        fmt::format("{}: the configuration was not loaded, and nothing has changed", why));
}

void daemon::notify_ready() { status_.tell("READY=1"); }

void daemon::kick_watchdog()
{
    const auto interval = watchdog_interval();
    if (!interval) return;
    // Nothing fires while a disk hangs. A new process may be able to open the store.
    if (!is_stalled_ || engine_.store_settings().on_error != on_store_error::stop)
        notify_systemd("WATCHDOG=1");
    watchdog_.expires_after(*interval);
    watchdog_.async_wait([this](error_code ec) {
        if (!ec && !is_closed_) kick_watchdog();
    });
}

/** The last run has ended. Nothing that waits may keep the process then, but the store and the log
 * have still to write. */
void daemon::finish()
{
    status_.close();
    if (stopped_) std::exchange(stopped_, nullptr)();
    shutdown_.close(code_ != 0 ? code_ : exit_failed, [this] {
        is_closed_ = true; // handlers that are already queued start no new wait
        hangup_.cancel();
        watchdog_.cancel();
    });
}

} // namespace carillon::app
