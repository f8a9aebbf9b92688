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

namespace carillon::http::detail {

/**
 * How many threads a @ref resolver may have, by what they do.
 *
 * A name that no server answers for holds a thread for as long as the system's resolver waits, 5 to
 * 30 seconds. So names share threads with those alone that have done as well as they.
 */
struct resolver_bounds {
    /// Names that are looked up for the first time, or have been found slowly. A thread that waits
    /// costs little, so all that a configuration is likely to hold have one each.
    std::size_t untried = 128;
    /// Names whose last look-up was slow, and found nothing or was given up.
    std::size_t slow = 16;
    /// Threads for names alone whose last look-up was not slow; they get any other that is free,
    /// too.
    std::size_t reserve = 16;
    /// For other work than names.
    std::size_t work = 16;
    /// A look-up that takes longer is slow: resolv.conf(5) has servers asked again after 5 seconds.
    std::chrono::steady_clock::duration slow_after = std::chrono::seconds{1};
};

/**
 * Host names to addresses by getaddrinfo(3), and what else blocks, off the caller's threads.
 *
 * Asio's resolver has one thread for a whole context, which a dead name server holds for seconds,
 * and cancelling waits for it. Here threads of our own look names up, and those that hang do not
 * hold up others (see @ref resolver_bounds); a cancelled look-up completes at once and its late
 * answer is dropped. Whoever asks for a name that is being looked up shares its answer, which is
 * kept no longer. The threads start as they are needed; a few of them are kept. They end with the
 * resolver, except that one still inside getaddrinfo is left to end by itself: it owns what it
 * touches. Look-ups that are under way at the resolver's end complete with `operation_aborted`. For
 * one executor at a time.
 */
class resolver {
public:
    using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
    using time_point = std::chrono::steady_clock::time_point;

    /// Names that may wait for a thread; more fail with @ref errc::queue_full.
    static constexpr std::size_t max_waiting = 10'000;

    explicit resolver(boost::asio::any_io_executor ex, resolver_bounds max = {});
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

} // namespace carillon::http::detail
