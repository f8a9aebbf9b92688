#include "http/resolver_of_scripted_names.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <netdb.h>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(resolvers, resolver_of_scripted_names)

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
        asked_name& l = start(held(count));
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

BOOST_AUTO_TEST_CASE(asks_once_for_all_who_want_a_name_at_a_time)
{
    names.hold("held.test");
    std::vector<asked_name*> same;
    for (int i = 0; i < 1000; ++i) same.push_back(&start("held.test"));
    BOOST_REQUIRE(names.wait_until_held(1));
    same[0]->signal.emit(asio::cancellation_type::terminal);
    same[500]->signal.emit(asio::cancellation_type::terminal);
    settle();
    names.release();
    finish();
    BOOST_TEST(names.asked() == 1U);
    for (const asked_name* l : same)
        BOOST_TEST(
            l->ec == (l == same[0] || l == same[500]
                          ? aborted
                          : error_code(asio::error::host_not_found_try_again)));

    // An answer is not kept.
    names.answer("held.test", {"127.0.0.1"});
    BOOST_TEST(found("held.test") == "127.0.0.1");
    BOOST_TEST(names.asked() == 2U);
}

BOOST_AUTO_TEST_CASE(drops_the_answer_that_comes_too_late)
{
    names.hold("held.test");
    asked_name& l = start("held.test");
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
    for (const asked_name& l : all) BOOST_TEST(l.ec == error_code{});
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
