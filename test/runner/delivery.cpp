// What `delivery` allows to be sent again.

#include "runner/slow_machine.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(deliveries, slow_machine)

BOOST_AUTO_TEST_CASE(at_most_once_nothing_is_sent_again)
{
    delay["a"] = 10s;
    job a = hourly("a");
    a.delivery = delivery_policy::at_most_once;
    const std::vector<job> jobs{
        a, waiting_for("finished", "a", condition::finished),
        waiting_for("failed", "a", condition::failed), waiting_for("succeeded", "a")};
    start(jobs);
    run_for(1h + 5s);
    kill();
    start(jobs);
    run_for(20s);
    // What waits for it goes on: an interrupted parent has finished, and failed.
    BOOST_TEST(sent() == (strings{"a 1", "finished 1", "failed 1"}), test::per_element());
    const run_record run = last_run("a");
    BOOST_TEST(run.outcome == outcome::interrupted);
    BOOST_TEST(run.jobs.at(0).outcome == outcome::interrupted);
    BOOST_TEST(run.jobs.at(0).reason == reason::crash);
    BOOST_TEST(run.jobs.at(3).outcome == outcome::skipped);
    kill();
}

BOOST_AUTO_TEST_CASE(at_most_once_is_sent_where_it_is_known_that_nothing_was)
{
    job a = hourly("a");
    a.delivery = delivery_policy::at_most_once;
    a.retry = retry_policy{.attempts = 3, .backoff = 10s, .jitter = jitter::none};
    answer = [](const http::request&) {
        http::scripted_reply refused;
        refused.error = asio::error::connection_refused;
        refused.reply.phase = phase::connect;
        return refused;
    };
    start({a});
    run_for(1h + 1s); // refused, and waiting for its next attempt
    kill();
    answer = [](const http::request&) { return http::reply_with(200, "{}"); };
    start({a});
    run_for(1s);
    BOOST_TEST(sent() == (strings{"a 1", "a 2"}), test::per_element());
    BOOST_TEST(last_run("a").outcome == outcome::completed);
    kill();
}

BOOST_AUTO_TEST_CASE(at_most_once_a_retry_follows_only_a_failed_connection)
{
    job a = hourly("a");
    a.delivery = delivery_policy::at_most_once;
    a.retry = retry_policy{.attempts = 3, .backoff = 1s};
    answer = [](const http::request& r) {
        BOOST_TEST(r.is_sent_once);
        return http::reply_with(503, "");
    };
    start({a});
    run_for(1h + 1min);
    BOOST_TEST(sent() == strings{"a 1"}, test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(at_most_once_a_connection_that_failed_behind_a_redirect_is_not_tried_again)
{
    job a = hourly("a");
    a.delivery = delivery_policy::at_most_once;
    a.retry = retry_policy{.attempts = 3, .backoff = 1s};
    a.route = route{.redirects = 2};
    answer = [](const http::request&) {
        http::scripted_reply refused; // by the second endpoint: the first has got the request
        refused.error = asio::error::connection_refused;
        refused.reply.phase = phase::connect;
        return refused;
    };
    start({a});
    run_for(1h + 1min);
    BOOST_TEST(sent() == strings{"a 1"}, test::per_element());
    kill();
}

BOOST_AUTO_TEST_SUITE_END()
