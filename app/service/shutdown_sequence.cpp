#include "service/shutdown_sequence.hpp"

#include "service/systemd.hpp"
#include <carillon/time/span.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <string>
#include <unistd.h>
#include <utility>

namespace asio = boost::asio;

namespace carillon::app {
namespace {

/// How long the store may take to close, since another process may delay it for ten seconds, and
/// then the log to write its last lines.
constexpr std::chrono::seconds patience_with_store{12};
constexpr std::chrono::seconds patience_with_log{2};

} // namespace

shutdown_sequence::shutdown_sequence(engine& of)
    : engine_(of), signals_(of.context()), timer_(of.context())
{}

void shutdown_sequence::watch(std::initializer_list<int> signals, std::function<void()> on_signal)
{
    for (const int s : signals) signals_.add(s);
    on_signal_ = std::move(on_signal);
    await_signal();
}

void shutdown_sequence::await_signal()
{
    signals_.async_wait([this](error_code ec, int number) {
        if (ec || is_closed_) return;
        await_signal();
        on_signal(number);
    });
}

void shutdown_sequence::on_signal(int number)
{
    // At once: a sink whose reader has stopped would hold up the lines that are still to be
    // written.
    if (is_stopping_) ::_exit(128 + number);
    on_signal_();
}

void shutdown_sequence::stop(std::string_view what)
{
    if (std::exchange(is_stopping_, true)) return;
    runner& runner = engine_.runner();
    notify_systemd("STOPPING=1\nSTATUS=Stopping: waiting for runs to end");
    std::string line = "stopping";
    if (!what.empty())
        line += fmt::format(": {}", what);
    else if (runner.running() > 0)
        line += fmt::format(
            ": runs under way ({}) have {} to end", runner.running(),
            format_span(engine_.shutdown_grace()));
    engine_.log(log_level::info, "stopping", std::move(line));
    runner.async_drain(asio::bind_cancellation_slot(cancel_drain_.slot(), asio::detached));
    timer_.expires_after(engine_.shutdown_grace());
    timer_.async_wait([this](error_code ec) {
        if (!ec) cancel_runs();
    });
}

void shutdown_sequence::cancel_runs()
{
    engine_.log(
        log_level::warning, "cancelling",
        fmt::format(
            "the grace period is over: cancelling runs under way ({})",
            engine_.runner().running()));
    cancel_drain_.emit(asio::cancellation_type::terminal);
}

void shutdown_sequence::close(int code_without_store, std::function<void()> on_closed)
{
    is_stopping_ = true;
    code_without_store_ = code_without_store;
    on_closed_ = std::move(on_closed);
    timer_.expires_after(patience_with_store);
    timer_.async_wait([this](error_code ec) {
        if (!ec) end_without_store();
    });
    asio::post(ending_, [this] {
        engine_.close_store();
        asio::post(engine_.context(), [this] {
            // Else it has taken too long, and the timer now bounds the log.
            if (!has_given_up_store_ && timer_.cancel() > 0) end();
        });
    });
}

/** A sink whose reader has stopped may take a while. */
void shutdown_sequence::end()
{
    asio::post(ending_, [this] {
        engine_.flush_log();
        asio::post(engine_.context(), [this] {
            is_closed_ = true; // a handler that is already queued waits for no further signal
            signals_.cancel();
            if (on_closed_) on_closed_();
        });
    });
}

/** A thread that waits for a disk cannot be ended but with the process. The next start resumes as
 * after a crash. */
void shutdown_sequence::end_without_store()
{
    has_given_up_store_ = true;
    engine_.log(
        log_level::error, "not_closed",
        engine_.store_settings().path +
            ": the disk does not answer: carillon ends without closing the store");
    timer_.expires_after(patience_with_log);
    timer_.async_wait([code = code_without_store_](error_code) { ::_exit(code); });
    asio::post(ending_, [this] {
        engine_.flush_log();
        ::_exit(code_without_store_);
    });
}

} // namespace carillon::app
