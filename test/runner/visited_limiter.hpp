#pragma once

#include "print.hpp"
#include "runner/limit/limiter.hpp"
#include "runner/simulation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

/** One who wants to enter. */
struct visitor {
    boost::asio::cancellation_signal signal;
    std::optional<detail::limiter::permit_result> got;

    bool is_in() const { return got && got->held; }
};

/** A limiter with two places at an origin, and those who want to enter. */
struct visited_limiter {
    inline static const error_code aborted = boost::asio::error::operation_aborted;
    inline static const error_code refused = boost::asio::error::connection_refused;

    boost::asio::io_context ctx;
    virtual_time time{ctx.get_executor(), monday};
    std::vector<circuit_change> told;
    std::shared_ptr<detail::limiter> all = std::make_shared<detail::limiter>(
        ctx.get_executor(),
        time,
        detail::limiter::bounds{.max_concurrent = 100, .max_per_origin = 2},
        [this](const circuit_change& c) { told.push_back(c); });
    std::list<visitor> visitors;

    visitor&
    enter(microseconds longest = std::chrono::hours{1}, const std::string& origin = "http://a")
    {
        visitor& v = visitors.emplace_back();
        all->async_acquire(
            origin, longest,
            boost::asio::bind_cancellation_slot(
                v.signal.slot(), [&v](detail::limiter::permit_result e) {
                    BOOST_TEST(!v.got);
                    v.got = std::move(e);
                }));
        BOOST_TEST(!v.got.has_value());
        settle();
        return v;
    }

    void settle() { run_for(microseconds{0}); }
    void run_for(microseconds span) { time.run_until(ctx, time.now() + span); }

    void leave(visitor& v)
    {
        v.got->held.reset();
        settle();
    }

    /** Lets attempts fail until the circuit is open. */
    void open_circuit()
    {
        for (int i = 0; i < detail::circuit::failures_to_open; ++i) fail(enter());
        BOOST_REQUIRE_EQUAL(told.size(), 1U);
        BOOST_TEST(told[0].is_open);
    }

    void fail(visitor& v)
    {
        BOOST_REQUIRE(v.is_in());
        v.got->held->failed(refused, "connection refused");
        leave(v);
    }

    void cancel(visitor& v)
    {
        v.signal.emit(boost::asio::cancellation_type::terminal);
        settle();
    }

    /** Whatever waits has ended, every place is free, and no timer is left. */
    ~visited_limiter()
    {
        for (visitor& v : visitors) v.signal.emit(boost::asio::cancellation_type::terminal);
        settle();
        for (visitor& v : visitors) {
            BOOST_TEST(v.got.has_value());
            v.got.reset();
        }
        settle();
        if (all) {
            all->set_max_concurrent(1);
            visitor& last = enter(std::chrono::hours{1}, "http://nobody");
            BOOST_TEST(last.is_in());
            last.got.reset();
        }
        BOOST_TEST(!time.next_wait());
    }
};

/** Places are scarce in all, and not at an origin. */
struct limiter_of_many_origins : visited_limiter {
    limiter_of_many_origins() { all->set_max_per_origin(100); }

    visitor& at(const std::string& origin) { return enter(std::chrono::hours{1}, origin); }

    /** Those who want to enter, in the order of their coming. */
    std::vector<visitor*> crowd(const std::string& origin, int size)
    {
        std::vector<visitor*> out;
        for (int i = 0; i < size; ++i) out.push_back(&at(origin));
        return out;
    }

    static int count_in(const std::vector<visitor*>& who)
    {
        return static_cast<int>(
            std::count_if(who.begin(), who.end(), [](const visitor* v) { return v->is_in(); }));
    }
};

} // namespace carillon::test
