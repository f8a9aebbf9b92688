// Usage: ops_console [RUNS]
// Serves the Ops Console's API on loopback and fires its two jobs against it, each second, until
// RUNS runs (2; 0: no end) or a signal. `GET /status` tells of the last run. AOS_API_KEY is the key
// of both sides. The exit code is 0 when every run completed.

#include "console.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace asio = boost::asio;

int main(int argc, char** argv)
{
    try {
        const int runs = argc > 1 ? std::stoi(argv[1]) : 2;
        const char* api_key = std::getenv("AOS_API_KEY");

        asio::io_context ctx;
        ops_console::console console(
            ctx.get_executor(), api_key != nullptr ? api_key : "example-key", runs);
        std::cout << "listening on http://127.0.0.1:" << console.port() << std::endl;

        // Signals are the program's affair: carillon handles none.
        asio::signal_set signals(ctx, SIGINT, SIGTERM);
        signals.async_wait([&](boost::system::error_code ec, int) {
            if (!ec) console.stop();
        });
        auto ended = [&](const std::exception_ptr& thrown) {
            signals.cancel();
            if (thrown) std::rethrow_exception(thrown);
        };
        asio::co_spawn(ctx, console.run(), std::move(ended));
        ctx.run();

        std::cout << "stopped: " << console.runs_completed() << " of " << console.runs_ended()
                  << " runs completed" << std::endl;
        return console.runs_completed() == console.runs_ended() ? 0 : 1;
    } catch (const std::exception& e) {
        std::cerr << "ops_console: " << e.what() << '\n';
        return 1;
    }
}
