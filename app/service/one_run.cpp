#include "service/one_run.hpp"

#include "base/exit_code.hpp"
#include "base/signals.hpp"
#include "base/terminal.hpp"
#include "text/describe.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>

#include <signal.h>
#include <utility>

namespace asio = boost::asio;

namespace carillon::app {
namespace {

/** Whether the request was refused. That is told to the user on standard error, and is no event of
 * the log. */
bool is_refusal(const error_code& ec)
{
    return ec == errc::no_such_run || ec == errc::no_such_job || ec == errc::run_not_ended ||
           ec == errc::nothing_to_retry;
}

} // namespace

one_run::one_run(configuration config) : engine_(std::move(config), false), code_(exit_failed)
{
    engine_.runner().on_event([this](const event& e) {
        if (std::holds_alternative<record_failed>(e)) is_recorded_ = false;
    });
}

int one_run::once(const std::string& job)
{
    return wait_for([&](run_handler done) {
        engine_.runner().async_trigger(
            job, asio::bind_cancellation_slot(cancel_run_.slot(), std::move(done)));
    });
}

int one_run::retry(run_id run)
{
    return wait_for([&](run_handler done) {
        engine_.runner().async_retry(
            run, asio::bind_cancellation_slot(cancel_run_.slot(), std::move(done)));
    });
}

int one_run::wait_for(const std::function<void(run_handler)>& start)
{
    const auto on_signal = [this] { stop(); };
    // A terminal that is closed must not leave the run half done.
    if (is_ignored(SIGHUP))
        shutdown_.watch({SIGTERM, SIGINT}, on_signal);
    else
        shutdown_.watch({SIGTERM, SIGINT, SIGHUP}, on_signal);
    start([this](error_code ec, const run_record& run) { ended(ec, run); });
    engine_.context().run();
    return code();
}

void one_run::stop()
{
    shutdown_.stop(cancel_run_.slot().has_handler() ? "the run is cancelled" : "");
    cancel_run_.emit(asio::cancellation_type::terminal);
}

void one_run::ended(error_code ec, const run_record& run)
{
    if (!ec && run.outcome == outcome::completed) code_ = 0;
    if (ec == errc::no_such_run || ec == errc::no_such_job) code_ = exit_no_job;
    if (is_refusal(ec))
        print_error("nothing was run: " + describe(ec));
    else if (ec && ec != asio::error::operation_aborted)
        engine_.log(log_level::error, "not_run", "nothing was run: " + describe(ec));
    // The run's end is recorded before the drain ends.
    engine_.runner().async_drain([this](error_code) { shutdown_.close(code()); });
}

/** A run whose end could not be recorded has not gone well for those who ask the store. */
int one_run::code() const { return code_ == 0 && !is_recorded_ ? exit_failed : code_; }

} // namespace carillon::app
