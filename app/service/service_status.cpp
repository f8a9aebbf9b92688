#include "service/service_status.hpp"

#include "service/systemd.hpp"
#include "text/describe.hpp"
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace carillon::app {
namespace {

constexpr std::chrono::seconds pause_between_lines{1};

} // namespace

service_status::service_status(
    const boost::asio::any_io_executor& ex, const carillon::runner& runner)
    : runner_(runner), timer_(ex)
{}

void service_status::on_event(const event& e)
{
    std::visit(
        overloaded{
            [&](const run_started&) { changed(); },
            [&](const run_ended& r) {
                last_ = fmt::format(
                    "{} {}", r.run.chain, to_string(r.run.outcome.value_or(outcome::interrupted)));
                changed();
            },
            [&](const store_failed& f) {
                trouble_ = "the store cannot be written: " + describe(f.error);
                changed();
            },
            [&](const store_recovered&) {
                trouble_.clear();
                changed();
            },
            [](const auto&) {},
        },
        e);
}

void service_status::tell(const std::string& also)
{
    is_ready_ = true;
    notify_systemd((also.empty() ? "" : also + "\n") + "STATUS=" + text());
}

void service_status::close()
{
    is_ready_ = false;
    timer_.cancel();
}

std::string service_status::text() const
{
    std::string out;
    if (!trouble_.empty()) out = trouble_ + "; ";
    out += "Ready with " + count_of_jobs(runner_.jobs()->size());
    if (const std::size_t n = runner_.running(); n > 0)
        out += fmt::format(", {} under way", n == 1 ? "1 run" : fmt::format("{} runs", n));
    if (const auto next = runner_.next_wake())
        out += ", next at " + format_utc_short(std::chrono::floor<std::chrono::seconds>(*next));
    if (!last_.empty()) out += "; last: " + last_;
    return out;
}

void service_status::changed()
{
    if (!is_ready_ || std::exchange(waits_, true)) return;
    timer_.expires_after(pause_between_lines);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        waits_ = false;
        if (!ec && is_ready_) tell();
    });
}

} // namespace carillon::app
