#include "runner/simulation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace dead_hosts {

constexpr int many = 1000;

/** Many jobs of a host that is down, and one of another that is up. */
struct jobs_of_a_dead_host : simulation {
    bool is_up = false;
    std::vector<circuit_change> changes;
    std::map<std::string, int> outcomes;
    std::vector<std::string> errors;

    jobs_of_a_dead_host()
    {
        answer = [this](const http::request& r) {
            if (is_up || r.target.host != "dead.test") return http::reply_with(200, "{}");
            http::scripted_reply out{.error = asio::error::connection_refused};
            out.delay = 1ms;
            out.reply.phase = phase::connect;
            out.reply.detail = "10.0.0.1:80";
            return out;
        };
        runner.on_event([this](const event& e) {
            if (const auto* c = std::get_if<circuit_change>(&e)) changes.push_back(*c);
            if (const auto* j = std::get_if<job_ended>(&e)) {
                ++outcomes[std::string(to_string(*j->record.outcome))];
                errors.push_back(j->record.attempts.back().error);
            }
        });
    }

    void start(retry_policy retry = {})
    {
        std::vector<job> jobs;
        for (int i = 0; i < many; ++i)
            jobs.push_back(
                {.name = "j" + std::to_string(i),
                 .trigger = schedule{.every = 1h},
                 .url = "http://dead.test/",
                 .retry = retry});
        jobs.push_back(
            {.name = "other", .trigger = schedule{.every = 1min}, .url = "http://other.test/"});
        runner.set_jobs(job_set::create(std::move(jobs)).value());
        runner.async_run(asio::detached);
    }

    void stop()
    {
        runner.async_drain(asio::detached);
        run_for(2h);
        BOOST_TEST(!time.next_wait());
    }

    std::size_t sent_to_dead() const { return requests.size() - times("other").size(); }
};

} // namespace dead_hosts

BOOST_FIXTURE_TEST_SUITE(dead_hosts, jobs_of_a_dead_host)

BOOST_AUTO_TEST_CASE(are_probed_and_not_stormed)
{
    start();
    run_for(1h + 40s);
    BOOST_TEST(outcomes["unreachable"] == many);
    // As many as have places may be on their way before the first of them has failed.
    BOOST_TEST(sent_to_dead() < 110U);
    BOOST_REQUIRE_EQUAL(changes.size(), 1U);
    BOOST_TEST(changes[0].origin == "http://dead.test");
    BOOST_TEST(changes[0].last_error == "connection refused (10.0.0.1:80)");
    // Each says why, whether it went itself or not.
    BOOST_TEST(std::all_of(errors.begin(), errors.end(), [](const std::string& e) {
        return e.empty() || e.starts_with("connection refused (");
    }));
    BOOST_TEST(times("other").size() == 60U);
    stop();
}

BOOST_AUTO_TEST_CASE(are_known_by_names_that_no_server_answers_for)
{
    answer = [](const http::request& r) {
        if (r.target.host != "dead.test") return http::reply_with(200, "{}");
        http::scripted_reply out{.delay = 10s, .error = errc::timed_out};
        out.reply.phase = phase::resolve;
        return out;
    };
    start();
    run_for(1h + 1min);
    BOOST_TEST(outcomes["timed_out"] == many);
    BOOST_TEST(sent_to_dead() < 110U);
    BOOST_REQUIRE_EQUAL(changes.size(), 1U);
    BOOST_TEST(changes[0].origin == "http://dead.test");
    stop();
}

BOOST_AUTO_TEST_CASE(are_found_again_when_they_are_back)
{
    start({.attempts = 5});
    run_for(1h + 5s);
    is_up = true;
    run_for(10min);
    BOOST_TEST(outcomes["completed"] > many); // with those of the other host
    BOOST_TEST(outcomes["unreachable"] == 0);
    BOOST_REQUIRE_EQUAL(changes.size(), 2U);
    BOOST_TEST(!changes[1].is_open);
    stop();
}

BOOST_AUTO_TEST_CASE(are_told_apart_by_the_way_to_them)
{
    is_up = false;
    std::vector<job> jobs;
    for (int i = 0; i < 10; ++i)
        jobs.push_back({.name = "dead" + std::to_string(i), .url = "http://dead.test/"});
    job other{.name = "by-socket", .url = "http://dead.test/"};
    other.route = route{.unix_socket = "/run/a.sock"};
    jobs.push_back(other);
    runner.set_jobs(job_set::create(std::move(jobs)).value());
    for (int i = 0; i < 10; ++i) runner.async_trigger("dead" + std::to_string(i), asio::detached);
    run_for(100ms);
    BOOST_TEST(changes.size() == 1U);
    is_up = true;
    runner.async_trigger("by-socket", asio::detached);
    run_for(0s);
    BOOST_TEST(outcomes["completed"] == 1);
    run_for(1min);
}

BOOST_AUTO_TEST_CASE(keep_nobody_waiting_at_the_end)
{
    start();
    run_for(1h + 100ms);
    BOOST_TEST(runner.running() > 0U);
    asio::cancellation_signal signal;
    bool done = false;
    runner.async_drain(
        asio::bind_cancellation_slot(signal.slot(), [&](error_code) { done = true; }));
    run_for(0s);
    BOOST_TEST(!done);
    signal.emit(asio::cancellation_type::terminal);
    run_for(0s);
    BOOST_TEST(done);
    BOOST_TEST(!time.next_wait()); // no wait for a probe either
}

BOOST_AUTO_TEST_SUITE_END()
