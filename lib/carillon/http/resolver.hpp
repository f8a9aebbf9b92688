#pragma once

#include <carillon/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::http {

/**
 * Host names to addresses by getaddrinfo(3), and what else blocks, off the caller's threads.
 *
 * Asio's resolver has one thread for a whole context, which a dead name server holds for seconds,
 * and cancelling waits for it. Here a few threads of our own look names up; a cancelled look-up
 * completes at once and its late answer is dropped. Whoever asks for a name that is being looked up
 * shares its answer, which is kept no longer. The threads start with the first name and end with
 * the resolver, except that one still inside getaddrinfo is left to end by itself: it owns what it
 * touches. Look-ups that are under way at the resolver's end complete with `operation_aborted`. For
 * one executor at a time.
 */
class resolver {
public:
    using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
    using time_point = std::chrono::steady_clock::time_point;

    /// Look-ups at a time: a dead name server holds a thread for as long as the system's resolver
    /// waits for it.
    static constexpr std::size_t max_threads = 16;

    /// Names that may wait for a thread; more fail with @ref errc::queue_full.
    static constexpr std::size_t max_waiting = 10'000;

    explicit resolver(boost::asio::any_io_executor ex);
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /**
     * Looks a host up: `void(error_code, endpoints)`, in the order that getaddrinfo prefers (RFC
     * 6724).
     *
     * IP literals and `localhost` (RFC 6761) need no thread. Errors: the system's where no thread
     * can be had, the resolver's, @ref errc::timed_out at `until`. Cancellation: every type, at
     * once, with `operation_aborted`.
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
     * Has one of the threads do something else that blocks: `void(error_code, endpoints)`, without
     * any. `work` must own what it touches and throw nothing: it may go on after the operation.
     * Errors and cancellation as for a name.
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

    struct answer {
        error_code ec{};
        endpoints found{};
    };

private:
    class lookup;
    class lookup_queue;
    using handler_type = boost::asio::any_completion_handler<void(error_code, endpoints)>;

    void resolve(std::string host, std::uint16_t port, time_point until, handler_type handler);

    void perform(std::function<void()> work, time_point until, handler_type handler);
    void
    ask(std::shared_ptr<lookup> l,
        std::string host,
        std::function<answer()> find,
        std::uint16_t port,
        time_point until);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<lookup_queue> queue_;
};

} // namespace carillon::http
