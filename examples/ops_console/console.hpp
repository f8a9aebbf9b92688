#pragma once

#include "server.hpp"
#include "status_page.hpp"
#include <carillon/carillon.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace ops_console {

/**
 * A service that fires its own jobs: an HTTP API, with a page that tells of the last run, and a
 * carillon runner on one executor.
 *
 * The executor must run one thing at a time. Must outlive @ref run.
 */
class console {
public:
    /** Stops by itself after `runs` runs of the chain; 0: never. Listens from now on. */
    console(const boost::asio::any_io_executor& ex, const carillon::secret& api_key, int runs);

    /** Where the API is. */
    std::uint16_t port() const { return server_.port(); }

    /** Serves and fires until @ref stop; completes when the last run and the last connection have
     * ended. */
    boost::asio::awaitable<void> run();

    /** Stops firing, lets the run under way end, then closes the server. May be called again. */
    void stop();

    int runs_ended() const { return ended_; }
    int runs_completed() const { return completed_; }

private:
    void on_event(const carillon::event& e);
    boost::asio::awaitable<void> fire_jobs();

    status_page status_; // before the server, which asks it
    server server_;
    carillon::system_time_source time_;
    carillon::http::client client_;
    carillon::memory_store store_;
    carillon::runner runner_; // last: it refers to the three before it
    int runs_;
    int ended_ = 0;
    int completed_ = 0;
};

} // namespace ops_console
