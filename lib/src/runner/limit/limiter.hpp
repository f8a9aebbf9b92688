#pragma once

#include "runner/limit/circuit.hpp"
#include "time/timer_slot.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/error.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
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
 * Gives attempts their permits: at most so many at one origin, and at most so many in all. Holds
 * each origin's @ref circuit. Called by `chain_run` and `exchange`; the core sets its bounds.
 *
 * One @ref permit counts against both bounds, so an attempt that waits holds neither. An origin
 * serves its attempts in the order of their coming. Where permits are scarce, origins take turns,
 * one attempt each. While a circuit is open, one attempt at a time gets a permit: the probe. If the
 * probe fails, every attempt that waits at that time fails with the same error. For one executor at
 * a time.
 */
class limiter : public std::enable_shared_from_this<limiter> {
public:
    class permit;

    /** How many permits may be held; each bound is at least 1. */
    struct bounds {
        std::size_t max_concurrent;
        std::size_t max_per_origin;
    };

    /** The result of a wait for a permit. */
    struct permit_result {
        error_code error{};
        /// With no error: the permit. The attempt holds it as long as it uses the origin.
        std::shared_ptr<permit> held{};
        /// With an error that another attempt met: how it was found.
        std::string detail{};
    };

    using change_handler = std::function<void(const circuit_change&)>;

    limiter(
        boost::asio::any_io_executor ex, time_source& time, bounds max, change_handler on_change);

    /** A higher bound gives permits at once; a lower one takes effect as permits are released. */
    void set_max_concurrent(std::size_t max);

    /** A higher bound gives permits at once; a lower one takes effect as permits are released. */
    void set_max_per_origin(std::size_t max);

    /** Gives no more permits, and stops its timers. The caller cancels the waits that are left. */
    void close();

    /** A permit at once, as nearly every attempt gets it. Null where the attempt has to wait: for
     * others, or for a circuit that knows of a failure. */
    std::shared_ptr<permit> try_acquire(const std::string& origin);

    /**
     * Waits for a permit: `void(permit_result)`. Errors: @ref errc::timed_out after `longest`; the
     * error of a failed probe. Cancellation: every type, at once, with `operation_aborted`.
     */
    template <class CompletionToken>
    auto async_acquire(std::string origin, microseconds longest, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(permit_result)>(
            [](auto handler, limiter* self, std::string name, microseconds span) {
                self->acquire(std::move(name), span, std::move(handler));
            },
            token, this, std::move(origin), longest);
    }

private:
    using operation = pending<void(permit_result)>;

    /** Owned by the timer of its deadline. */
    struct waiter {
        explicit waiter(time_source& time) : deadline(time) {}

        std::optional<operation> waiting;
        timer_slot deadline;
    };

    /// An origin that is forgotten unlinks itself.
    using line_hook = boost::intrusive::list_base_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    struct origin_state : line_hook {
        explicit origin_state(time_source& time) : probe_wait(time) {}

        /// The key in the map.
        const std::string* name = nullptr;
        /// Permits that are held.
        std::size_t used = 0;
        /// Includes waiters that have stopped waiting.
        std::deque<std::weak_ptr<waiter>> queue;
        /// Excludes them.
        std::size_t waiting = 0;
        detail::circuit circuit;
        /// The error of the last attempt that could not connect.
        error_code last_error{};
        /// When the probe under way got its permit.
        microseconds probe_since{0};
        /// Until the next probe is due, or the one under way has taken too long.
        timer_slot probe_wait;

        bool is_unused() const { return used == 0 && waiting == 0; }
    };

    /// From this many origins on, unused ones are forgotten, whatever state their circuits have.
    static constexpr std::size_t many = 10'000;

    /// A probe that takes longer counts as failed for the attempts that wait.
    static constexpr microseconds longest_probe = std::chrono::seconds{10};

    static std::shared_ptr<waiter> if_waiting(const std::weak_ptr<waiter>& weak);
    static std::shared_ptr<waiter> take_first(origin_state& s);

    void acquire(std::string origin, microseconds longest, operation::handler_type handler);
    origin_state& remember(const std::string& origin);
    void serve(const std::string& origin);
    void line_up(origin_state& s);
    void give_permits();
    std::shared_ptr<permit> make_permit(origin_state& s);
    void await_probe(origin_state& s);
    void on_probe_timer(origin_state& s);
    void fail_waiting(origin_state& s, const error_code& ec, const std::string& why);
    void forget_unused();
    void stop_waiting(const std::string& origin, const std::shared_ptr<waiter>& w, error_code why);
    void complete(origin_state& s, const std::shared_ptr<waiter>& w, permit_result result);
    void connected(const std::string& origin);
    void failed(
        const std::string& origin, bool is_probe, const error_code& ec, const std::string& words);
    void release(const std::string& origin, bool is_untold_probe);

    boost::asio::any_io_executor executor_;
    time_source& time_;
    bounds max_;
    change_handler on_change_;
    std::unordered_map<std::string, origin_state> all_;
    /// Permits that are held at all origins.
    std::size_t used_ = 0;
    /// Origins that lack nothing but a permit below `max_concurrent`, in the order of their turns.
    /// Empty while such a permit is free.
    boost::intrusive::list<origin_state, boost::intrusive::constant_time_size<false>> line_;
    std::size_t forget_at_ = many;
    bool closed_ = false;
};

/** The right to make one attempt at an origin; its destructor releases it. */
class limiter::permit {
public:
    permit(std::weak_ptr<limiter> of, std::string origin, bool is_probe)
        : of_(std::move(of)), origin_(std::move(origin)), is_probe_(is_probe)
    {}
    ~permit();
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;

    /** The attempt calls this as soon as it has a connection. */
    void connected();

    /** The attempt calls this when it could not connect; `words` say why. */
    void failed(const error_code& ec, const std::string& words);

private:
    std::weak_ptr<limiter> of_;
    std::string origin_;
    bool is_probe_;
    bool has_told_ = false;
};

} // namespace carillon::detail
