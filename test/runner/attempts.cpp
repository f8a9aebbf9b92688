// A job's attempts: how long they last, and what is said of them.

#include "runner/narrated_runner.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(attempts, narrated_runner)

BOOST_AUTO_TEST_CASE(the_deadline_bounds_all_attempts)
{
    answer = [](const http::request&) { return http::reply_with(503, "", 4s); };
    job j = make("a");
    j.retry =
        retry_policy{.attempts = 100, .backoff = 1s, .max_backoff = 1s, .jitter = jitter::none};
    j.deadline = 12s;
    runner.set_jobs(job_set::create({j}).value());
    runner.async_trigger("a", asio::detached);
    run_for(1h);
    // 0-4, 5-9, 10-12: the third is cut off by the deadline.
    BOOST_TEST(times("a") == (std::vector<microseconds>{0s, 5s, 10s}), test::per_element());
    BOOST_TEST(store.runs("a").at(0).outcome == outcome::timed_out);
    BOOST_TEST(last_message == "timed out: the job's deadline of 12s passed");
}

BOOST_AUTO_TEST_CASE(a_wait_past_the_deadline_is_not_begun)
{
    answer = [](const http::request&) {
        auto r = http::reply_with(503, "");
        r.reply.fields.push_back({"retry-after", "60"});
        return r;
    };
    job j = make("a");
    j.retry = retry_policy{.attempts = 3};
    j.deadline = 90s;
    runner.set_jobs(job_set::create({j}).value());
    runner.async_trigger("a", asio::detached);
    run_for(1h);
    BOOST_TEST(times("a") == (std::vector<microseconds>{0s, 60s}), test::per_element());
    BOOST_TEST(store.runs("a").at(0).outcome == outcome::failed);
    BOOST_TEST(*store.runs("a").at(0).ended_at == monday + 60s);
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_for_a_retry_sends_nothing_more)
{
    answer = [](const http::request&) { return http::reply_with(503, ""); };
    job j = make("a");
    j.retry = retry_policy{.attempts = 5, .backoff = 10s, .jitter = jitter::none};
    runner.set_jobs(job_set::create({j}).value());
    asio::cancellation_signal stop;
    std::optional<std::pair<error_code, run_record>> result;
    runner.async_trigger(
        "a", asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, run_record r) {
            result.emplace(ec, std::move(r));
        }));
    run_for(5s);
    stop.emit(asio::cancellation_type::terminal);
    run_for(1h);
    BOOST_REQUIRE(result);
    BOOST_TEST(result->first == asio::error::operation_aborted);
    BOOST_TEST(result->second.outcome == outcome::cancelled);
    BOOST_TEST(requests.size() == 1U);
    expect_no_work_left();
}

BOOST_AUTO_TEST_CASE(what_went_wrong_is_said_in_words)
{
    struct row {
        http::scripted_reply reply;
        outcome expected;
        const char* message;
    };
    const std::vector<row> rows{
        {{.error = asio::error::connection_refused}, outcome::unreachable, "connection refused"},
        {{.error = errc::closed_early},
         outcome::unreachable,
         "connection closed before a whole reply"},
        {{.error = errc::malformed_reply}, outcome::rejected, "the reply is not valid HTTP"},
        {http::reply_with(200, std::string(2000, 'x')), outcome::rejected,
         "the reply's body is larger than 1000 bytes"},
        {http::reply_with(200, "{}", 1h), outcome::timed_out, "timed out after 60s"},
        {http::reply_with(404, ""), outcome::failed, "HTTP 404 Not Found"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.message)
        {
            narrated_runner f;
            f.answer = [&](const http::request&) { return r.reply; };
            job j = make("a");
            j.expect = expectation{.max_body_bytes = 1000};
            f.runner.set_jobs(job_set::create({j}).value());
            f.runner.async_trigger("a", asio::detached);
            f.run_for(1h);
            const auto run = f.store.runs("a").at(0);
            BOOST_TEST(run.outcome == r.expected);
            BOOST_TEST(f.last_message == r.message);
            BOOST_TEST(run.jobs[0].attempts[0].error == r.message);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reply_cannot_bring_a_secret_to_light)
{
    job j = make("a");
    j.headers = std::vector<header>{{"X-API-Key", "top-secret-key"}};
    j.expect = expectation{.json = {{"/status", {"completed"}}}};
    answer = [](const http::request&) {
        return http::reply_with(
            200, R"({"status":"top-secret-key","message":"you sent top-secret-key"})");
    };
    runner.set_jobs(job_set::create({j}).value());
    runner.async_trigger("a", asio::detached);
    run_for(1s);
    const job_record record = store.runs("a").at(0).jobs.at(0);
    BOOST_TEST(record.status == "***");
    BOOST_TEST(record.message == "you sent ***");
    BOOST_TEST(record.attempts[0].error == "/status is \"***\", not \"completed\"");
    BOOST_TEST(field(requests[0].request, "X-API-Key") == "top-secret-key");
}

BOOST_AUTO_TEST_CASE(wait_within_their_jobs_deadline_and_not_their_timeout)
{
    std::vector<job_record> ended;
    runner.on_event([&](const event& e) {
        if (const auto* j = std::get_if<job_ended>(&e)) ended.push_back(j->record);
    });
    answer = [](const http::request&) {
        http::scripted_reply out = http::reply_with(200, "{}");
        out.delay = 10s;
        return out;
    };
    const auto make = [](const char* name, microseconds deadline) {
        const std::string url = std::string("http://") + name + ".test/";
        return job{.name = name, .url = url, .timeout = 15s, .deadline = deadline};
    };
    runner.set_max_concurrent(1);
    runner.set_jobs(
        job_set::create({make("first", 1h), make("hasty", 5s), make("patient", 1h)}).value());
    for (const char* name : {"first", "hasty", "patient"})
        runner.async_trigger(name, asio::detached);
    run_for(5s);
    BOOST_REQUIRE_EQUAL(ended.size(), 1U);
    BOOST_TEST(ended[0].job == "hasty");
    BOOST_TEST(ended[0].outcome == outcome::timed_out);
    BOOST_TEST(
        ended[0].message ==
        "timed out: the job's deadline of 5s passed while it waited for its turn");
    run_for(1min);
    BOOST_REQUIRE_EQUAL(ended.size(), 3U);
    BOOST_TEST(ended[2].job == "patient");
    BOOST_TEST(ended[2].outcome == outcome::completed);
    BOOST_TEST(requests.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
