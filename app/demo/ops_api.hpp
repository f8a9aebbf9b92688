#pragma once

#include "demo/segments.hpp"
#include "server/server.hpp"
#include <carillon/error.hpp>
#include <carillon/secret.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::app {

/** What an @ref ops_api serves. */
struct ops_api_options {
    /// A file, or `":memory:"`. Customers in it are replaced.
    std::string database = ":memory:";
    /// What `X-API-Key` must say. An empty key lets nobody in.
    secret api_key;
    /// For the customers and what they do.
    std::uint64_t seed = 112;
};

/**
 * The stand-in for the user's own ops API, so that the demo has something real to call; no part of
 * carillon's work.
 *
 * On a loopback port it serves, in JSON:
 * - `POST /ops/jobs/compute-stickiness`: refreshes `ops_customer_segments` after a few new events.
 * - `POST /ops/jobs/detect-silent-churn`: marks those who fell silent.
 * - `GET /healthz`, for which no key is needed.
 *
 * The jobs answer 200 with `status` "completed" and a `message`, 401 to a wrong or missing
 * `X-API-Key`, and 500 with SQLite's text where the work failed; unknown paths are 404 and wrong
 * methods 405. All errors have `status` "error".
 *
 * SQLite blocks, so it works on one thread of this object's own, a job at a time. For one executor
 * at a time, which must run one thing at a time, as for @ref server.
 */
class ops_api {
public:
    ops_api(boost::asio::any_io_executor ex, ops_api_options options);

    /** Waits for the thread. The ends of @ref async_run and @ref async_rows come before it. */
    ~ops_api();

    ops_api(const ops_api&) = delete;
    ops_api& operator=(const ops_api&) = delete;

    /**
     * Fills the database and listens on 127.0.0.1: the port, of the system's choice.
     *
     * For start-up, once: blocks until the database is filled. Errors: SQLite's and the system's.
     */
    result<std::uint16_t> start();

    /** Serves until it is stopped, as @ref server::async_run does: `void(error_code)`. */
    template <class CompletionToken>
    auto async_run(CompletionToken&& token)
    {
        return server_.async_run(std::forward<CompletionToken>(token));
    }

    /** Lets requests under way be answered, and then ends @ref async_run. */
    void stop() { server_.stop(); }

    /**
     * Reads segments as @ref segments::rows does: `void(error_code, std::vector<segment_row>)`.
     *
     * Waits its turn behind the jobs under way. Errors: SQLite's, @ref errc::not_running before
     * @ref start. Not cancellable: it ends soon.
     */
    template <class CompletionToken>
    auto async_rows(std::size_t limit, CompletionToken&& token)
    {
        return boost::asio::async_initiate<
            CompletionToken, void(error_code, std::vector<segment_row>)>(
            [](auto handler, ops_api* self, std::size_t most) {
                self->read_rows(most, std::move(handler));
            },
            token, this, limit);
    }

private:
    using rows_handler =
        boost::asio::any_completion_handler<void(error_code, std::vector<segment_row>)>;
    using job = server_response (*)(segments&);

    boost::asio::awaitable<server_response> answer(server_request req);
    boost::asio::awaitable<server_response> run_job(job work);
    void read_rows(std::size_t limit, rows_handler handler);

    template <class T, class Work, class CompletionToken>
    auto async_on_worker(Work work, CompletionToken&& token);

    boost::asio::any_io_executor executor_;
    ops_api_options options_;
    boost::asio::thread_pool worker_{1};
    std::optional<segments> segments_; // from start on the worker's alone
    server server_;
};

} // namespace carillon::app
