#pragma once

#include "http/host_addresses.hpp"
#include <carillon/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace carillon::http::detail {

class lookup;
class lookup_queue;

/**
 * How many threads a @ref resolver may have, by what they do.
 *
 * A name that no server answers for holds a thread for 5 to 30 seconds, as long as the system's
 * resolver waits. So a name shares threads only with names whose last look-up went as its own did.
 */
struct resolver_bounds {
    /// For names that are looked up for the first time, or were found slowly. A thread that waits
    /// costs little, so each name of a usual configuration can have one.
    std::size_t untried = 128;
    /// For names whose last look-up was slow, and found nothing or was abandoned.
    std::size_t slow = 16;
    /// Only for names whose last look-up was not slow. These may use any other free thread, too.
    std::size_t reserve = 16;
    /// For other work than names.
    std::size_t work = 16;
    /// A look-up that takes longer is slow. By resolv.conf(5) a server is asked again after 5
    /// seconds.
    std::chrono::steady_clock::duration slow_after = std::chrono::seconds{1};
};

/**
 * Finds the addresses of host names by getaddrinfo(3), on threads of its own. Does other work that
 * blocks there, too.
 *
 * Asio's resolver has one thread for a whole context. A dead name server holds that for seconds,
 * and a cancellation waits for it. Here a look-up that hangs does not delay others (see @ref
 * resolver_bounds). A cancelled look-up completes at once, and its late answer is dropped. Two
 * look-ups of one name at a time share one answer, which is not kept for a third.
 *
 * Threads start as they are needed, and a few of them stay. They end with the resolver, except
 * those inside getaddrinfo: such a thread owns what it uses, and ends by itself. Look-ups that are
 * under way when the resolver ends complete with `operation_aborted`. For one executor at a time.
 */
class resolver {
public:
    using endpoints = tcp_endpoints;
    using time_point = std::chrono::steady_clock::time_point;

    /// So many questions may wait for a thread. Others fail with @ref errc::queue_full.
    static constexpr std::size_t max_waiting = 10'000;

    explicit resolver(boost::asio::any_io_executor ex, resolver_bounds max = {});
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /**
     * Looks a host up: `void(error_code, endpoints)`, in the order that getaddrinfo prefers (RFC
     * 6724).
     *
     * IP literals and `localhost` (RFC 6761) need no thread. Errors: those of getaddrinfo, the
     * system's if no thread can be had, @ref errc::queue_full, @ref errc::timed_out at `until`.
     * Cancellation: every type, at once, with `operation_aborted`.
     */
    template <class CompletionToken>
    auto
    async_resolve(std::string host, std::uint16_t port, time_point until, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, endpoints)>(
            [](auto handler, resolver* self, std::string name, std::uint16_t number,
               time_point latest) {
                self->resolve(std::move(name), number, latest, std::move(handler));
            },
            token, this, std::move(host), port, until);
    }

    /**
     * Does other work that blocks on one of the threads: `void(error_code, endpoints)`, with no
     * endpoints. `work` may still be running after the operation has completed, so it must own what
     * it uses. It must throw nothing. Errors and cancellation are those of @ref async_resolve.
     */
    template <class CompletionToken>
    auto async_perform(std::function<void()> work, time_point until, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, endpoints)>(
            [](auto handler, resolver* self, std::function<void()> w, time_point latest) {
                self->perform(std::move(w), latest, std::move(handler));
            },
            token, this, std::move(work), until);
    }

private:
    using handler_type = boost::asio::any_completion_handler<void(error_code, endpoints)>;

    void resolve(std::string host, std::uint16_t port, time_point until, handler_type handler);

    void perform(std::function<void()> work, time_point until, handler_type handler);
    void
    ask(std::shared_ptr<lookup> l,
        std::string host,
        std::function<lookup_answer()> find,
        std::uint16_t port,
        time_point until);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<lookup_queue> queue_;
};

} // namespace carillon::http::detail
