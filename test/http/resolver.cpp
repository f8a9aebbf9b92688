#include "http/resolver.hpp"

#include "http/network.hpp"
#include "print.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <list>
#include <memory>
#include <netdb.h>
#include <optional>
#include <thread>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::http::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace resolvers {

const error_code aborted = asio::error::operation_aborted;

struct look_up {
    asio::cancellation_signal signal;
    int completions = 0;
    error_code ec;
    http::detail::resolver::endpoints found;
};

struct fixture : network {
    const http::detail::resolver_bounds max{};
    std::optional<http::detail::resolver> resolver{ctx.get_executor()};
    std::list<look_up> all;

    look_up& start(const std::string& host, std::chrono::nanoseconds time = 1h)
    {
        look_up& l = all.emplace_back();
        auto handler = [&l](error_code ec, http::detail::resolver::endpoints found) {
            ++l.completions;
            l.ec = ec;
            l.found = std::move(found);
        };
        resolver->async_resolve(
            host, 8080, std::chrono::steady_clock::now() + time,
            asio::bind_cancellation_slot(l.signal.slot(), std::move(handler)));
        BOOST_TEST(l.completions == 0);
        return l;
    }

    look_up& run(const std::string& host, std::chrono::nanoseconds time = 1h)
    {
        look_up& l = start(host, time);
        run_until([&] { return l.completions != 0; });
        return l;
    }

    std::string found(const std::string& host)
    {
        const look_up& l = run(host);
        BOOST_TEST(l.ec == error_code{});
        std::string out;
        for (const auto& e : l.found) {
            BOOST_TEST(e.port() == 8080);
            out += (out.empty() ? "" : " ") + e.address().to_string();
        }
        return out;
    }

    /** One of many names that are held as `held.test` is. */
    static std::string held(std::size_t n) { return "n" + std::to_string(n) + ".held.test"; }

    void settle()
    {
        ctx.restart();
        ctx.poll();
    }

    void teardown()
    {
        network::teardown();
        for (const look_up& l : all) BOOST_TEST(l.completions == 1);
    }
};

} // namespace resolvers

BOOST_FIXTURE_TEST_SUITE(resolvers, fixture)

BOOST_AUTO_TEST_CASE(takes_literals_as_they_are)
{
    BOOST_TEST(found("127.0.0.1") == "127.0.0.1");
    BOOST_TEST(found("192.0.2.7") == "192.0.2.7");
    BOOST_TEST(found("::1") == "::1");
    BOOST_TEST(found("2001:db8::7") == "2001:db8::7");
}

BOOST_AUTO_TEST_CASE(knows_the_systems_localhost)
{
    const std::string all_of_it = found("localhost");
    BOOST_TEST(
        (all_of_it.find("127.0.0.1") != std::string::npos ||
         all_of_it.find("::1") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(gives_addresses_in_their_order_and_each_once)
{
    names.answer("many.test", {"127.0.0.3", "127.0.0.1", "127.0.0.3", "127.0.0.2", "127.0.0.1"});
    BOOST_TEST(found("many.test") == "127.0.0.3 127.0.0.1 127.0.0.2");
}

BOOST_AUTO_TEST_CASE(tells_of_unknown_names)
{
    names.fail("does-not-exist.invalid", EAI_NONAME);
    BOOST_TEST(run("does-not-exist.invalid").ec == error_code(asio::error::host_not_found));
    names.fail("dead.test", EAI_AGAIN);
    BOOST_TEST(run("dead.test").ec == error_code(asio::error::host_not_found_try_again));
}

BOOST_AUTO_TEST_CASE(ends_at_its_deadline)
{
    names.hold("held.test");
    BOOST_TEST(run("held.test", 50ms).ec == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(asks_nobody_after_its_deadline)
{
    names.answer("quick.test", {"127.0.0.1"});
    BOOST_TEST(run("quick.test", -1ns).ec == errc::timed_out);
    BOOST_TEST(run("quick.test", 0ns).ec == errc::timed_out);
    BOOST_TEST(names.asked() == 0U);
    // A literal takes no time.
    BOOST_TEST(run("127.0.0.1", -1ns).ec == error_code{});
}

BOOST_AUTO_TEST_CASE(is_cancelled_at_once_by_every_type)
{
    names.hold("held.test");
    std::size_t count = 0;
    for (const auto type :
         {asio::cancellation_type::terminal, asio::cancellation_type::partial,
          asio::cancellation_type::total}) {
        look_up& l = start(held(count));
        BOOST_REQUIRE(names.wait_until_held(++count));
        settle();
        BOOST_TEST(l.completions == 0);
        l.signal.emit(type);
        BOOST_TEST(l.completions == 0);
        settle();
        BOOST_TEST(l.completions == 1);
        BOOST_TEST(l.ec == aborted);
        l.signal.emit(type);
    }
}

BOOST_AUTO_TEST_CASE(is_cancelled_while_no_thread_is_free)
{
    names.hold("held.test");
    names.answer("quick.test", {"127.0.0.1"});
    std::vector<look_up*> all_held;
    for (std::size_t i = 0; i < max.untried; ++i) all_held.push_back(&start(held(i)));
    BOOST_REQUIRE(names.wait_until_held(max.untried));
    look_up& waiting = start("quick.test");
    look_up& behind = start("quick.test");
    settle();
    waiting.signal.emit(asio::cancellation_type::terminal);
    settle();
    BOOST_TEST(waiting.ec == aborted);
    BOOST_TEST(behind.completions == 0);

    // The names that have a thread are let go; the one behind them gets it.
    names.release();
    run_until([&] { return behind.completions == 1; });
    BOOST_TEST(behind.ec == error_code{});
    for (const look_up* l : all_held) run_until([&] { return l->completions == 1; });
    BOOST_TEST(names.asked() == max.untried + 1);
}

BOOST_AUTO_TEST_CASE(a_name_that_hangs_does_not_hold_up_others)
{
    names.hold("held.test");
    names.answer("quick.test", {"127.0.0.1"});
    std::vector<look_up*> all_held;
    for (std::size_t i = 0; i < 3; ++i) all_held.push_back(&start(held(i)));
    BOOST_REQUIRE(names.wait_until_held(3));
    for (int i = 0; i < 10; ++i) BOOST_TEST(run("quick.test").ec == error_code{});
    for (look_up* l : all_held) l->signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_CASE(a_hundred_names_that_hang_do_not_hold_up_others)
{
    names.hold("held.test");
    names.answer("quick.test", {"127.0.0.1"});
    for (std::size_t i = 0; i < 100; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(100));
    for (int i = 0; i < 10; ++i) BOOST_TEST(run("quick.test").ec == error_code{});
    for (look_up& l : all) l.signal.emit(asio::cancellation_type::terminal);
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
    const look_up& untried = start("other.quick.test");
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

BOOST_AUTO_TEST_CASE(asks_once_for_all_who_want_a_name_at_a_time)
{
    names.hold("held.test");
    std::vector<look_up*> same;
    for (int i = 0; i < 1000; ++i) same.push_back(&start("held.test"));
    BOOST_REQUIRE(names.wait_until_held(1));
    same[0]->signal.emit(asio::cancellation_type::terminal);
    same[500]->signal.emit(asio::cancellation_type::terminal);
    settle();
    names.release();
    finish();
    BOOST_TEST(names.asked() == 1U);
    for (const look_up* l : same)
        BOOST_TEST(
            l->ec == (l == same[0] || l == same[500]
                          ? aborted
                          : error_code(asio::error::host_not_found_try_again)));

    // An answer is not kept.
    names.answer("held.test", {"127.0.0.1"});
    BOOST_TEST(found("held.test") == "127.0.0.1");
    BOOST_TEST(names.asked() == 2U);
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

BOOST_AUTO_TEST_CASE(drops_the_answer_that_comes_too_late)
{
    names.hold("held.test");
    look_up& l = start("held.test");
    BOOST_REQUIRE(names.wait_until_held(1));
    l.signal.emit(asio::cancellation_type::terminal);
    settle();
    names.release();
    BOOST_REQUIRE(names.wait_until_held(0));
    BOOST_TEST(l.ec == aborted);
}

BOOST_AUTO_TEST_CASE(answers_many_at_once)
{
    names.answer("quick.test", {"127.0.0.1"});
    for (int i = 0; i < 500; ++i) start("quick.test");
    finish();
    for (const look_up& l : all) BOOST_TEST(l.ec == error_code{});
}

BOOST_AUTO_TEST_CASE(bounds_what_waits)
{
    names.hold("held.test");
    for (std::size_t i = 0; i < max.untried; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(max.untried));
    for (std::size_t i = 0; i < http::detail::resolver::max_waiting; ++i)
        start(held(max.untried + i));
    BOOST_TEST(run("another.held.test").ec == errc::queue_full);
    for (look_up& l : all) l.signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_CASE(its_end_ends_what_is_under_way)
{
    names.hold("held.test");
    for (std::size_t i = 0; i < max.untried + 2; ++i) start(held(i));
    BOOST_REQUIRE(names.wait_until_held(max.untried));
    resolver.reset();
    finish();
    for (const look_up& l : all) BOOST_TEST(l.ec == aborted);
    for (look_up& l : all) l.signal.emit(asio::cancellation_type::terminal);
}

BOOST_AUTO_TEST_CASE(completes_on_the_handlers_executor)
{
    asio::io_context other;
    names.answer("quick.test", {"127.0.0.1"});
    for (const char* host : {"127.0.0.1", "quick.test"}) {
        bool done = false;
        auto handler = [&](error_code, const http::detail::resolver::endpoints&) {
            BOOST_TEST(other.get_executor().running_in_this_thread());
            done = true;
        };
        resolver->async_resolve(
            host, 80, std::chrono::steady_clock::now() + 1h,
            asio::bind_executor(other.get_executor(), std::move(handler)));
        finish();
        BOOST_TEST(!done);
        other.restart();
        other.run_for(20s);
        BOOST_TEST(done);
        BOOST_TEST(other.stopped());
    }
}

BOOST_AUTO_TEST_SUITE_END()
