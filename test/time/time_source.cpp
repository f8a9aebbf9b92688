#include "print.hpp"
#include <carillon/time/time_source.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(system_time)

BOOST_AUTO_TEST_CASE(waits_are_never_early)
{
    asio::io_context ctx;
    system_time_source time(ctx.get_executor());
    std::optional<instant> woke;
    const instant until = time.now() + 20ms;
    time.async_wait_until(until, [&](error_code ec) {
        BOOST_TEST(!ec);
        woke = time.now();
    });
    const microseconds begun = time.since_boot();
    std::optional<microseconds> passed;
    time.async_wait_for(10ms, [&](error_code ec) {
        BOOST_TEST(!ec);
        passed = time.since_boot() - begun;
    });
    ctx.run();
    BOOST_REQUIRE((woke && passed));
    BOOST_TEST(*woke >= until);
    BOOST_TEST(*passed >= 10ms);
}

BOOST_AUTO_TEST_CASE(what_has_passed_completes_at_once)
{
    asio::io_context ctx;
    system_time_source time(ctx.get_executor());
    int completed = 0;
    for (const instant t : {instant{}, time.now() - 1h, instant{-1h}})
        time.async_wait_until(t, [&](error_code ec) { completed += ec ? 0 : 1; });
    ctx.run();
    BOOST_TEST(completed == 3);
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_wait_at_once)
{
    for (const auto type :
         {asio::cancellation_type::terminal, asio::cancellation_type::partial,
          asio::cancellation_type::total}) {
        asio::io_context ctx;
        system_time_source time(ctx.get_executor());
        asio::cancellation_signal wall;
        asio::cancellation_signal elapsed;
        int aborted = 0;
        const auto count = [&](error_code ec) {
            aborted += ec == asio::error::operation_aborted ? 1 : 0;
        };
        time.async_wait_until(time.now() + 24h, asio::bind_cancellation_slot(wall.slot(), count));
        time.async_wait_for(24h, asio::bind_cancellation_slot(elapsed.slot(), count));
        ctx.poll();
        wall.emit(type);
        elapsed.emit(type);
        ctx.run();
        BOOST_TEST(aborted == 2);
    }
}

BOOST_AUTO_TEST_CASE(signals_and_the_source_may_outlive_the_context)
{
    asio::cancellation_signal wall;
    asio::cancellation_signal elapsed;
    for (const bool is_cut_short : {false, true}) {
        auto ctx = std::make_unique<asio::io_context>();
        system_time_source time(ctx->get_executor());
        const auto ignore = [](error_code) {};
        time.async_wait_until(time.now(), asio::bind_cancellation_slot(wall.slot(), ignore));
        time.async_wait_for(0s, asio::bind_cancellation_slot(elapsed.slot(), ignore));
        if (!is_cut_short) BOOST_TEST(ctx->run() > 0);
        ctx.reset();
        wall.emit(asio::cancellation_type::terminal);
        elapsed.emit(asio::cancellation_type::terminal);
    }
}

BOOST_AUTO_TEST_SUITE_END()
