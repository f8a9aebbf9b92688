#include "print.hpp"
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace std::chrono_literals;

namespace virtual_times {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/** A virtual clock, and the waits on it that have ended, in their order. */
struct clock_with_notes {
    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0, 10min};
    std::vector<std::pair<int, error_code>> done;

    auto note(int n)
    {
        return [this, n](error_code ec) { done.emplace_back(n, ec); };
    }
};

} // namespace virtual_times

BOOST_FIXTURE_TEST_SUITE(virtual_times, clock_with_notes)

BOOST_AUTO_TEST_CASE(completes_waits_in_order_and_at_their_time)
{
    std::vector<instant> at;
    time.async_wait_for(3s, [&](error_code) { at.push_back(time.now()); });
    time.async_wait_until(t0 + 1s, [&](error_code) { at.push_back(time.now()); });
    time.run_until(ctx, t0 + 2s);
    BOOST_TEST(at == std::vector{t0 + 1s});
    BOOST_TEST(time.now() == t0 + 2s);
    BOOST_TEST(time.since_boot() == 10min + 2s);
    time.run_until(ctx, t0 + 1h);
    BOOST_TEST(at == (std::vector{t0 + 1s, t0 + 3s}));
    BOOST_TEST(time.boot_time() == t0 - 10min);
}

BOOST_AUTO_TEST_CASE(never_completes_within_the_call)
{
    time.async_wait_until(t0 - 1h, note(1));
    time.advance_to(t0 + 1s);
    BOOST_TEST(done.empty());
    ctx.poll();
    BOOST_REQUIRE_EQUAL(done.size(), 1U);
    BOOST_TEST(!done[0].second);
}

BOOST_AUTO_TEST_CASE(a_step_ends_waits_for_the_wall_clock_alone)
{
    time.async_wait_until(t0 + 10s, note(1));
    time.async_wait_for(10s, note(2));
    time.step(-1h);
    ctx.poll();
    BOOST_REQUIRE_EQUAL(done.size(), 1U);
    BOOST_TEST(done[0].second == errc::clock_changed);
    BOOST_TEST(time.now() == t0 - 1h);
    time.run_until(ctx, t0 - 1h + 10s);
    BOOST_TEST(done.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_waits_beforehand_is_over_first_with_what_follows)
{
    const auto first = time.beforehand();
    time.async_wait_until(t0 + 1s, note(2));
    first->async_wait_for(1s, [&](error_code) {
        asio::post(ctx, [&] { asio::post(ctx, [&] { note(1)(error_code()); }); });
    });
    time.run_until(ctx, t0 + 1s);
    BOOST_REQUIRE_EQUAL(done.size(), 2U);
    BOOST_TEST(done[0].first == 1);
    BOOST_TEST(done[1].first == 2);
    BOOST_TEST(first->now() == t0 + 1s);
}

BOOST_AUTO_TEST_CASE(every_type_of_cancellation_ends_a_wait)
{
    for (const auto type :
         {asio::cancellation_type::terminal, asio::cancellation_type::partial,
          asio::cancellation_type::total}) {
        asio::cancellation_signal signal;
        done.clear();
        time.async_wait_for(1h, asio::bind_cancellation_slot(signal.slot(), note(1)));
        signal.emit(type);
        signal.emit(type); // once more changes nothing
        ctx.restart();
        ctx.run(); // runs out of work
        BOOST_REQUIRE_EQUAL(done.size(), 1U);
        BOOST_TEST(done[0].second == asio::error::operation_aborted);
        BOOST_TEST(!time.next_wait());
    }
}

BOOST_AUTO_TEST_CASE(completes_on_the_handlers_executor)
{
    asio::thread_pool other(1);
    std::thread::id where;
    time.async_wait_for(
        1s, asio::bind_executor(other, [&](error_code) { where = std::this_thread::get_id(); }));
    time.run_until(ctx, t0 + 1s);
    other.join();
    BOOST_TEST(where != std::thread::id{});
    BOOST_TEST(where != std::this_thread::get_id());
}

BOOST_AUTO_TEST_SUITE_END()
