#include "service/daemon.hpp"

#include "base/exit_code.hpp"
#include "base/signals.hpp"
#include "base/terminal.hpp"
#include "service/open_store.hpp"
#include "service/systemd.hpp"
#include "text/describe.hpp"
#include <carillon/runner/event_log.hpp>
#include <carillon/time/span.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <exception>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>
#include <utility>

namespace asio = boost::asio;

namespace carillon::app {
namespace {

/** Whether what was asked for cannot be: that is for whoever asked, and no event of the log. */
bool is_refusal(const error_code& ec)
{
    return ec == errc::no_such_run || ec == errc::no_such_job || ec == errc::run_still_goes ||
           ec == errc::nothing_to_retry;
}

/// So long the store may take to close, where another process may hold it up for ten seconds, and
/// then the log for its last words.
constexpr std::chrono::seconds patience_with_store{12};
constexpr std::chrono::seconds patience_with_log{2};

} // namespace

daemon::daemon(configuration config, purpose what, config_loader::load_function reload)
    : purpose_(what), store_options_(config.store),
      store_(open_store(
          ctx_.get_executor(),
          store_options_,
          what == purpose::schedule,
          [this](const std::string& damage) {
              log(log_level::error, "store_damaged",
                  fmt::format("{}: the store is damaged: {}", store_options_.path, damage));
          })),
      runner_(
          ctx_.get_executor(),
          time_,
          client_,
          *store_,
          {.seed = {}, .recovers_triggered = what == purpose::schedule})
{
    if (reload)
        reload_.emplace(ctx_.get_executor(), std::move(reload), [this](auto loaded) {
            reloaded(std::move(loaded));
        });
    survive_lost_readers();
    runner_.on_event(event_log(time_, runner_));
    runner_.on_event([this](const event& e) {
        status_.on_event(e);
        if (const auto* f = std::get_if<store_failed>(&e))
            is_stalled_ = f->error == errc::store_stalled;
        if (std::holds_alternative<store_recovered>(e)) is_stalled_ = false;
        if (std::holds_alternative<record_failed>(e)) is_recorded_ = false;
        if (std::holds_alternative<firing_began>(e)) ready();
    });
    install(std::move(config));
}

void daemon::install(configuration config)
{
    sinks_.replace(std::move(config.sinks));
    shutdown_grace_ = config.shutdown_grace;
    client_.set_proxies(std::move(config.proxies));
    client_.reload_certificates();
    runner_.set_max_concurrent(config.max_concurrent);
    runner_.set_max_per_origin(config.max_per_origin);
    runner_.set_on_store_error(config.store.on_error);
    install_store(config.store);
    for (const config_error& w : config.warnings)
        log(log_level::warning, "configuration", to_string(w));
    runner_.set_jobs(std::move(config.jobs));
}

/** The file stays open as long as the process. */
void daemon::install_store(const store_options& options)
{
    if (options.path != store_options_.path)
        log(log_level::warning, "configuration",
            "store.path has changed: that takes a restart, until then it is " +
                store_options_.path);
    store_options_.on_error = options.on_error;
    store_->set_limits(options.limits);
}

int daemon::run()
{
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    await_signal();
    runner_.async_run([this](error_code ec) {
        if (ec && ec != asio::error::operation_aborted) {
            // Whoever supervises us is to know that nothing fires.
            log(log_level::error, "not_run", "the store cannot be read: " + describe(ec));
            code_ = exit_cannot_start;
        }
        log(log_level::info, "stopped", "carillon has stopped");
        finish();
    });
    kick_watchdog();
    ctx_.run();
    return code_;
}

void daemon::ready()
{
    // What it took to begin goes back to the system: a daemon runs for months with what it keeps.
    ::malloc_trim(0);
    log(log_level::info, "ready",
        "carillon is ready with " + count_of_jobs(runner_.jobs()->size()));
    notify_ready();
}

int daemon::once(const std::string& job)
{
    return run_one([&](run_handler done) {
        runner_.async_trigger(
            job, asio::bind_cancellation_slot(cancel_once_.slot(), std::move(done)));
    });
}

int daemon::retry(run_id run)
{
    return run_one([&](run_handler done) {
        runner_.async_retry(
            run, asio::bind_cancellation_slot(cancel_once_.slot(), std::move(done)));
    });
}

int daemon::run_one(const std::function<void(run_handler)>& start)
{
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    // A terminal that is closed must not leave the run half done.
    if (!is_ignored(SIGHUP)) signals_.add(SIGHUP);
    await_signal();
    code_ = exit_failed;
    start([&](error_code ec, const run_record& run) {
        if (!ec && run.outcome == outcome::completed) code_ = 0;
        if (ec == errc::no_such_run || ec == errc::no_such_job) code_ = exit_no_job;
        if (is_refusal(ec))
            print_error("nothing was run: " + describe(ec));
        else if (ec && ec != asio::error::operation_aborted)
            log(log_level::error, "not_run", "nothing was run: " + describe(ec));
        // The run's end is recorded before the drain ends.
        runner_.async_drain([this](error_code) { finish(); });
    });
    ctx_.run();
    return code_ == 0 && !is_recorded_ ? exit_failed : code_;
}

void daemon::await_signal()
{
    signals_.async_wait([this](error_code ec, int number) {
        if (ec || finished_) return;
        await_signal();
        on_signal(number);
    });
}

void daemon::on_signal(int number)
{
    if (number == SIGHUP && reload_) return reload();
    // At once: a sink whose reader has stopped would hold up the lines that are still to be
    // written.
    if (stopping_) ::_exit(128 + number);
    stop();
}

void daemon::stop()
{
    if (std::exchange(stopping_, true)) return;
    status_.close();
    notify_systemd("STOPPING=1\nSTATUS=Stopping: waiting for runs to end");
    std::string what = "stopping";
    if (cancel_once_.slot().has_handler())
        what += ": the run is cancelled";
    else if (runner_.running() > 0)
        what += fmt::format(
            ": runs under way ({}) have {} to end", runner_.running(),
            format_span(shutdown_grace_));
    log(log_level::info, "stopping", std::move(what));
    cancel_once_.emit(asio::cancellation_type::terminal);
    runner_.async_drain(asio::bind_cancellation_slot(cancel_drain_.slot(), asio::detached));
    grace_.expires_after(shutdown_grace_);
    grace_.async_wait([this](error_code ec) {
        if (!ec) cancel_runs();
    });
}

void daemon::cancel_runs()
{
    log(log_level::warning, "cancelling",
        fmt::format("the grace period is over: cancelling runs under way ({})", runner_.running()));
    cancel_drain_.emit(asio::cancellation_type::terminal);
}

void daemon::reload()
{
    if (stopping_) return;
    try {
        if (!reload_->start()) {
            reload_again_ = true; // the file may have changed since it was read
            return log(
                log_level::warning, "reloading",
                "asked to reload while a reload is still under way");
        }
        notify_systemd(reloading_state());
    } catch (const std::exception& e) {
        reload_failed(e.what());
    }
}

void daemon::reloaded(config_loader::loaded config)
{
    if (stopping_) return;
    if (config) {
        // No thread for a new sink, say: what runs must not end for that.
        try {
            install(std::move(*config));
            ::malloc_trim(0);
            log(log_level::info, "reloaded", "reloaded: " + count_of_jobs(runner_.jobs()->size()));
        } catch (const std::exception& e) {
            reload_failed(e.what());
        }
    } else {
        for (const config_error& e : config.error().errors)
            log(log_level::error, "configuration", to_string(e));
        reload_failed("the configuration is wrong");
    }
    notify_ready();
    if (std::exchange(reload_again_, false)) reload();
}

void daemon::reload_failed(std::string_view why)
{
    log(log_level::error, "reload_failed",
        fmt::format("{}: it was not loaded, and all goes on as before", why));
}

void daemon::notify_ready() { status_.tell("READY=1"); }

void daemon::kick_watchdog()
{
    const auto interval = watchdog_interval();
    if (!interval) return;
    // Nothing fires while a disk hangs; a new process may open it anew.
    if (!is_stalled_ || store_options_.on_error != on_store_error::stop)
        notify_systemd("WATCHDOG=1");
    watchdog_.expires_after(*interval);
    watchdog_.async_wait([this](error_code ec) {
        if (!ec && !finished_) kick_watchdog();
    });
}

/** The runner is done: what else waits must not keep the process, but for what the store and the
 * log have still to write. */
void daemon::finish()
{
    stopping_ = true; // another signal ends the process at once
    status_.close();
    if (stopped_) std::exchange(stopped_, nullptr)();
    grace_.expires_after(patience_with_store);
    grace_.async_wait([this](error_code ec) {
        if (!ec) end_without_store();
    });
    asio::post(ending_, [this] {
        store_.reset();
        asio::post(ctx_, [this] {
            // Else it has taken too long, and the timer is for the log.
            if (!goes_without_store_ && grace_.cancel() > 0) end();
        });
    });
}

/** A sink whose reader has stopped may take a while. */
void daemon::end()
{
    asio::post(ending_, [this] {
        sinks_.flush();
        asio::post(ctx_, [this] {
            // Handlers that are already queued see this, and start no new wait.
            finished_ = true;
            signals_.cancel();
            watchdog_.cancel();
        });
    });
}

/** A thread that waits for a disk cannot be ended but with the process; the next start goes on as
 * after a crash. */
void daemon::end_without_store()
{
    goes_without_store_ = true;
    log(log_level::error, "not_closed",
        store_options_.path +
            ": the disk does not answer: carillon ends without closing the store");
    grace_.expires_after(patience_with_log);
    // A run that someone waits for has ended, and has been recorded.
    const bool is_well = purpose_ == purpose::one_run && is_recorded_;
    const int code = code_ != 0 || is_well ? code_ : exit_failed;
    grace_.async_wait([code](error_code) { ::_exit(code); });
    asio::post(ending_, [this, code] {
        sinks_.flush();
        ::_exit(code);
    });
}

void daemon::log(log_level level, std::string_view event, std::string message)
{
    log_entry e{.level = level, .event = event};
    e.time = time_.now();
    e.message = std::move(message);
    write_log(std::move(e));
}

} // namespace carillon::app
