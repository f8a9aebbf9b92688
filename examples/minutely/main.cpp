// Usage: minutely URL
// The smallest service: asks URL once a minute, first at once, and prints the result. SIGINT or
// SIGTERM ends it once the run under way has ended; the exit code is 0 then.

#include <carillon/carillon.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>

namespace asio = boost::asio;

using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: minutely URL\n";
        return 2;
    }
    try {
        asio::io_context ctx;
        carillon::system_time_source time(ctx.get_executor());
        carillon::http::client client(ctx.get_executor());
        carillon::memory_store store(ctx.get_executor());
        carillon::runner runner(ctx.get_executor(), time, client, store); // last: it refers to them

        runner.on_event([&](const carillon::event& e) {
            // carillon's own words for its events, with secrets hidden.
            const auto entry = carillon::to_entry(e, time.now(), runner.jobs()->secrets());
            std::cout << entry.event << ": " << entry.message << std::endl;
        });
        const carillon::job ping{
            .name = "ping",
            .trigger = carillon::schedule{.every = 1min, .on_start = 0s},
            .url = argv[1],
            .method = "GET"};
        runner.set_jobs(carillon::job_set::create({ping}).value()); // throws what is wrong

        // Signals are the program's affair: carillon handles none.
        asio::signal_set signals(ctx, SIGINT, SIGTERM);
        signals.async_wait([&](boost::system::error_code ec, int) {
            if (!ec) runner.async_drain(asio::detached);
        });
        runner.async_run([&](boost::system::error_code ec) {
            signals.cancel();
            if (ec) throw boost::system::system_error(ec, "the runner ended");
        });
        ctx.run();
        std::cout << "stopped" << std::endl;
    } catch (const std::exception& e) {
        std::cerr << "minutely: " << e.what() << '\n';
        return 1;
    }
}
