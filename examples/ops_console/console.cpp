#include "console.hpp"

#include "handle_request.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace asio = boost::asio;

using namespace std::chrono_literals;

namespace ops_console {
namespace {

/** PIN-112's chain: the second job follows the first, whatever its outcome. Here it runs each
 * second instead of every 15 minutes. */
carillon::job_set make_jobs(std::uint16_t port, const carillon::secret& api_key)
{
    const std::string base = "http://127.0.0.1:" + std::to_string(port) + "/ops/jobs/";
    const std::vector<carillon::header> headers{{"X-API-Key", api_key}};
    const carillon::retry_policy retry{.attempts = 3, .backoff = 1s};
    const carillon::expectation expect{.json = {{"/status", {"completed"}}}};
    std::vector<carillon::job> jobs{
        {.name = "compute-stickiness",
         .trigger = carillon::schedule{.every = 1s, .on_start = 0s},
         .url = base + "compute-stickiness",
         .headers = headers,
         .timeout = 10s,
         .retry = retry,
         .expect = expect},
        {.name = "detect-silent-churn",
         .title = "silent churn detection",
         .trigger = carillon::after{{"compute-stickiness", carillon::condition::finished}},
         .url = base + "detect-silent-churn",
         .headers = headers,
         .timeout = 10s,
         .retry = retry,
         .expect = expect}};
    return carillon::job_set::create(std::move(jobs)).value();
}

/** A reply's text may hold anything: an event must stay one line. */
std::string one_line(std::string text)
{
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
}

void print(const carillon::log_entry& e)
{
    std::cout << carillon::format_utc(e.time) << ' ' << e.event;
    if (!e.job.empty()) std::cout << ' ' << e.job;
    if (!e.outcome.empty()) std::cout << ' ' << e.outcome;
    std::cout << ": " << one_line(e.message) << std::endl;
}

} // namespace

console::console(const asio::any_io_executor& ex, const carillon::secret& api_key, int runs)
    : server_(
          ex,
          [this, api_key](const request& req) {
              if (auto status = status_.answer(req)) return std::move(*status);
              return handle_request(req, api_key);
          }),
      time_(ex), client_(ex), store_(ex), runner_(ex, time_, client_, store_), runs_(runs)
{
    runner_.on_event([this](const carillon::event& e) { on_event(e); });
    runner_.set_jobs(make_jobs(port(), api_key));
}

asio::awaitable<void> console::run()
{
    using namespace asio::experimental::awaitable_operators;
    co_await (server_.run() && fire_jobs());
}

asio::awaitable<void> console::fire_jobs()
{
    auto [ec] = co_await runner_.async_run(asio::as_tuple(asio::use_awaitable));
    // The server is closed last, since the runs under way needed it.
    server_.stop();
    if (ec) throw boost::system::system_error(ec, "the runner ended");
}

void console::stop()
{
    // The drain needs no handler: async_run completes when it has.
    runner_.async_drain(asio::detached);
}

void console::on_event(const carillon::event& e)
{
    // carillon's own words for its events, with the key hidden.
    print(carillon::to_entry(e, time_.now(), runner_.jobs()->secrets()));

    status_.on_event(e);

    const auto* run = std::get_if<carillon::run_ended>(&e);
    if (run == nullptr) return;
    if (run->run.outcome == carillon::outcome::completed) ++completed_;
    if (++ended_ == runs_) stop();
}

} // namespace ops_console
