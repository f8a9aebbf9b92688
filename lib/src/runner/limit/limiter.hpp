#pragma once

#include "runner/limit/circuit.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/error.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace carillon::detail {

/**
 * The places of each endpoint's origin, those of all together, and each origin's @ref circuit.
 *
 * An attempt takes a place at its origin and one among all in one step: who waits holds neither. At
 * an origin attempts enter first come, first served; among origins, where places are scarce, each
 * lets one in by turns. While a circuit is open one attempt goes as a probe. Where it fails, all
 * that wait at that time fail with the same error. For one executor at a time.
 */
class limiter : public std::enable_shared_from_this<limiter> {
public:
    class place;

    /** How many attempts may be under way; each from 1. */
    struct bounds {
        std::size_t max_concurrent;
        std::size_t max_per_origin;
    };

    /** What an attempt gets to know when it may go, or may not. */
    struct entry {
        error_code error{};
        /// With no error: held for as long as the attempt uses the origin.
        std::shared_ptr<place> held{};
        /// With an error: why, where it is the failure of another attempt.
        std::string detail{};
    };

    using change_handler = std::function<void(const circuit_change&)>;

    limiter(
        boost::asio::any_io_executor ex, time_source& time, bounds max, change_handler on_change);

    /** Takes effect as places are given back; more places are taken at once. */
    void set_max_concurrent(std::size_t max);

    /** Takes effect as places are given back; more places are taken at once. */
    void set_max_per_origin(std::size_t max);

    /** Lets nobody in any more, and asks the clock no more. Whoever waits is to be cancelled. */
    void close();

    /**
     * Waits for a place at an origin and one among all: `void(entry)`. Errors: @ref errc::timed_out
     * after `longest`; a probe's. Cancellation: every type, at once, with `operation_aborted`.
     */
    template <class CompletionToken>
    auto async_enter(std::string origin, microseconds longest, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(entry)>(
            [](auto handler, limiter* self, std::string name, microseconds span) {
                self->enter(std::move(name), span, std::move(handler));
            },
            token, this, std::move(origin), longest);
    }

private:
    using operation = pending<void(entry)>;

    /** Owned by the wait for its deadline, and so by whoever runs the clock. */
    struct waiter {
        std::optional<operation> waiting;
        boost::asio::cancellation_signal stop_clock;
    };

    /// Leaves the line by itself as the origin is forgotten.
    using line_hook = boost::intrusive::list_base_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    struct origin_state : line_hook {
        /// Its key in the map.
        const std::string* name = nullptr;
        std::size_t used = 0;
        /// With those that have given up meanwhile.
        std::deque<std::weak_ptr<waiter>> queue;
        /// Without them.
        std::size_t waiting = 0;
        detail::circuit circuit;
        /// Of the last attempt that could not connect.
        error_code last_error{};
        /// When the probe under way was let through.
        microseconds probe_since{0};
        /// Ends the wait for the next probe, or for the one under way; null while there is none.
        std::shared_ptr<boost::asio::cancellation_signal> probe_wait;

        bool is_unused() const { return used == 0 && waiting == 0; }
    };

    /// Of so many, those that nobody uses are forgotten, whatever their circuits know.
    static constexpr std::size_t many = 10'000;

    /// A probe that takes longer speaks for those who wait as one that failed.
    static constexpr microseconds longest_probe = std::chrono::seconds{10};

    static std::shared_ptr<waiter> if_waiting(const std::weak_ptr<waiter>& weak);
    static std::shared_ptr<waiter> take_first(origin_state& s);

    void enter(std::string origin, microseconds longest, operation::handler_type handler);
    origin_state& remember(const std::string& origin);
    void serve(const std::string& origin);
    void line_up(origin_state& s);
    void let_in();
    std::shared_ptr<place> take_place(origin_state& s);
    void await_probe(origin_state& s);
    void on_probe_wait(const std::string& origin);
    void fail_waiting(origin_state& s, const error_code& ec, const std::string& why);
    void forget_unused();
    void give_up(const std::string& origin, const std::shared_ptr<waiter>& w, error_code why);
    void complete(origin_state& s, const std::shared_ptr<waiter>& w, entry e);
    void connected(const std::string& origin);
    void failed(
        const std::string& origin, bool is_probe, const error_code& ec, const std::string& words);
    void leave(const std::string& origin, bool is_untold_probe);

    boost::asio::any_io_executor executor_;
    time_source& time_;
    bounds max_;
    change_handler on_change_;
    std::unordered_map<std::string, origin_state> all_;
    /// Of all origins' places.
    std::size_t used_ = 0;
    /// Those who could let somebody in but for a place among all, by turns. With such a place free
    /// it is empty.
    boost::intrusive::list<origin_state, boost::intrusive::constant_time_size<false>> line_;
    std::size_t forget_at_ = many;
    bool closed_ = false;
};

/** The right to make one attempt at an origin; given back by its destructor. */
class limiter::place {
public:
    place(std::weak_ptr<limiter> of, std::string origin, bool is_probe)
        : of_(std::move(of)), origin_(std::move(origin)), is_probe_(is_probe)
    {}
    ~place();
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    /** To be told as soon as the connection stands. */
    void connected();

    /** To be told when no connection could be had; `words` say why. */
    void failed(const error_code& ec, const std::string& words);

private:
    std::weak_ptr<limiter> of_;
    std::string origin_;
    bool is_probe_;
    bool has_told_ = false;
};

} // namespace carillon::detail
