// How names that hang share a few threads, and hold up no others.

#include "http/resolver_of_scripted_names.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <netdb.h>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(resolver_threads, resolver_of_scripted_names)

BOOST_AUTO_TEST_CASE(is_cancelled_while_no_thread_is_free)
{
    names.hold("held.test");
    names.answer("quick.test", {"127.0.0.1"});
    std::vector<asked_name*> all_held;
    for (std::size_t i = 0; i < max.untried; ++i) all_held.push_back(&start(held(i)));
    BOOST_REQUIRE(names.wait_until_held(max.untried));
    asked_name& waiting = start("quick.test");
    asked_name& behind = start("quick.test");
    settle();
    waiting.signal.emit(asio::cancellation_type::terminal);
    settle();
    BOOST_TEST(waiting.ec == aborted);
    BOOST_TEST(behind.completions == 0);

    // The names that have a thread are let go; the one behind them gets it.
    names.release();
    run_until([&] { return behind.completions == 1; });
    BOOST_TEST(behind.ec == error_code{});
    for (const asked_name* l : all_held) run_until([&] { return l->completions == 1; });
    BOOST_TEST(names.asked() == max.untried + 1);
}

BOOST_AUTO_TEST_CASE(a_name_that_hangs_does_not_hold_up_others)
{
    names.hold("held.test");
    names.answer("quick.test", {"127.0.0.1"});
    std::vector<asked_name*> all_held;
    for (std::size_t i = 0; i < 3; ++i) all_held.push_back(&start(held(i)));
    BOOST_REQUIRE(names.wait_until_held(3));
    for (int i = 0; i < 10; ++i) BOOST_TEST(run("quick.test").ec == error_code{});
    for (asked_name* l : all_held) l->signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_CASE(a_hundred_names_that_hang_do_not_hold_up_others)
{
    names.hold("held.test");
    names.answer("quick.test", {"127.0.0.1"});
    for (std::size_t i = 0; i < 100; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(100));
    for (int i = 0; i < 10; ++i) BOOST_TEST(run("quick.test").ec == error_code{});
    for (asked_name& l : all) l.signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_CASE(names_that_were_slow_share_a_few_threads)
{
    // Whatever has been looked up was slow.
    resolver.emplace(
        ctx.get_executor(), http::detail::resolver_bounds{.slow = 3, .slow_after = -1ns});
    names.fail("held.test", EAI_AGAIN);
    for (std::size_t i = 0; i < 20; ++i) run(held(i));
    names.hold("held.test");
    for (std::size_t i = 0; i < 20; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(3));
    // Who comes later than all of them, and is not known to be slow, is answered all the same.
    names.answer("quick.test", {"127.0.0.1"});
    BOOST_TEST(run("quick.test").ec == error_code{});
    BOOST_TEST(names.asked() == 20 + 3 + 1U);
    names.release();
    finish();
    BOOST_TEST(names.asked() == 20 + 20 + 1U);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_found_slowly_begins_anew)
{
    resolver.emplace(
        ctx.get_executor(),
        http::detail::resolver_bounds{.untried = 2, .slow = 1, .reserve = 1, .slow_after = -1ns});
    names.fail("held.test", EAI_AGAIN);
    for (std::size_t i = 0; i < 5; ++i) run(held(i));
    names.answer("held.test", {"127.0.0.1"});
    for (std::size_t i = 0; i < 5; ++i) run(held(i));
    names.hold("held.test");
    for (std::size_t i = 0; i < 5; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(2)); // not one
    names.release();
    finish();
}

BOOST_AUTO_TEST_CASE(names_that_answered_in_time_have_threads_in_reserve)
{
    resolver.emplace(
        ctx.get_executor(), http::detail::resolver_bounds{.untried = 2, .slow = 1, .reserve = 1});
    names.answer("quick.test", {"127.0.0.1"});
    BOOST_TEST(run("quick.test").ec == error_code{});
    names.hold("held.test");
    for (std::size_t i = 0; i < 10; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(2));
    const asked_name& untried = start("other.quick.test");
    for (int i = 0; i < 10; ++i) BOOST_TEST(run("quick.test").ec == error_code{});
    BOOST_TEST(untried.completions == 0);
    names.release();
    finish();
    BOOST_TEST(untried.ec == error_code{});
}

BOOST_AUTO_TEST_CASE(other_work_that_hangs_holds_up_no_name)
{
    resolver.emplace(ctx.get_executor(), http::detail::resolver_bounds{.work = 2});
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    int done = 0;
    for (int i = 0; i < 5; ++i)
        resolver->async_perform(
            [released] { released.wait(); }, std::chrono::steady_clock::now() + 1h,
            [&](error_code, const http::detail::resolver::endpoints&) { ++done; });
    names.answer("quick.test", {"127.0.0.1"});
    BOOST_TEST(run("quick.test").ec == error_code{});
    BOOST_TEST(done == 0);
    release.set_value();
    run_until([&] { return done == 5; });
}

BOOST_AUTO_TEST_CASE(does_other_work_that_blocks)
{
    auto made = std::make_shared<std::thread::id>();
    bool done = false;
    resolver->async_perform(
        [made] { *made = std::this_thread::get_id(); }, std::chrono::steady_clock::now() + 1h,
        [&](error_code ec, const http::detail::resolver::endpoints& none) {
            BOOST_TEST(ec == error_code{});
            BOOST_TEST(none.empty());
            done = true;
        });
    run_until([&] { return done; });
    BOOST_TEST(*made != std::thread::id());
    BOOST_TEST(*made != std::this_thread::get_id());
}

BOOST_AUTO_TEST_CASE(bounds_what_waits)
{
    names.hold("held.test");
    for (std::size_t i = 0; i < max.untried; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(max.untried));
    for (std::size_t i = 0; i < http::detail::resolver::max_waiting; ++i)
        start(held(max.untried + i));
    BOOST_TEST(run("another.held.test").ec == errc::queue_full);
    for (asked_name& l : all) l.signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_CASE(its_end_ends_what_is_under_way)
{
    names.hold("held.test");
    for (std::size_t i = 0; i < max.untried + 2; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(max.untried));
    resolver.reset();
    finish();
    for (const asked_name& l : all) BOOST_TEST(l.ec == aborted);
    for (asked_name& l : all) l.signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_SUITE_END()
