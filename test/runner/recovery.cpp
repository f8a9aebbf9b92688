// What a crash leaves open, and what the next start makes of it.

#include "runner/slow_machine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(recoveries, slow_machine)

BOOST_AUTO_TEST_CASE(what_was_cut_off_is_sent_again_under_its_key)
{
    delay["a"] = 10s;
    start({hourly("a")});
    run_for(1h + 5s);
    kill();
    run_for(1min);
    start({hourly("a")});
    run_for(20s);
    BOOST_TEST(sent() == (strings{"a 1", "a 2"}), test::per_element());
    for (const char* same : {"Idempotency-Key", "Carillon-Run", "Carillon-Scheduled-At"})
        BOOST_TEST(header(0, same) == header(1, same));
    BOOST_TEST(std::stoll(header(1, "Carillon-Fence")) > std::stoll(header(0, "Carillon-Fence")));
    BOOST_REQUIRE_EQUAL(store.runs("a").size(), 1U);
    const job_record j = last_run("a").jobs.at(0);
    BOOST_TEST(j.outcome == outcome::completed);
    BOOST_REQUIRE_EQUAL(j.attempts.size(), 2U);
    BOOST_TEST(j.attempts[0].outcome == outcome::interrupted);
    kill();
    start({hourly("a")});
    run_for(1min);
    BOOST_TEST(requests.size() == 2U); // it has ended
    kill();
}

BOOST_AUTO_TEST_CASE(a_chain_goes_on_from_the_jobs_that_it_had_reached)
{
    delay["b"] = delay["c"] = 10s;
    const std::vector<job> jobs{
        hourly("a"), waiting_for("b", "a"), waiting_for("c", "a"), waiting_for("d", "b"),
        make("e", after{{"c", condition::succeeded}, {"d", condition::succeeded}})};
    start(jobs);
    run_for(1h + 5s);
    kill();
    delay["b"] = 1s;
    start(jobs);
    run_for(5s);
    kill();
    delay["c"] = 0s;
    start(jobs);
    run_for(20s);
    BOOST_TEST(
        sent() == (strings{"a 1", "b 1", "c 1", "b 2", "c 2", "d 1", "c 3", "e 1"}),
        test::per_element());
    BOOST_TEST(store.runs("a").size() == 1U);
    BOOST_TEST(last_run("a").outcome == outcome::completed);
    kill();
}

BOOST_AUTO_TEST_CASE(values_of_earlier_replies_last_and_secret_ones_are_asked_for_again)
{
    for (const bool is_secret : {false, true}) {
        requests.clear();
        delay["b"] = 10s;
        job a = hourly("a");
        job b = waiting_for("b", "a");
        if (is_secret)
            b.headers = std::vector<carillon::header>{{"Authorization", "Bearer {{jobs.a/id}}"}};
        else
            b.body = "{{jobs.a/id}}";
        start({a, b});
        run_for(std::chrono::ceil<std::chrono::hours>(time.now() + 1us) - time.now() + 5s);
        kill();
        delay["b"] = 0s;
        start({a, b});
        run_for(5s);
        BOOST_TEST(
            sent() ==
            (is_secret ? strings{"a 1", "b 1", "a 2", "b 2"} : strings{"a 1", "b 1", "b 2"}));
        if (is_secret)
            BOOST_TEST(header(3, "Authorization") == "Bearer x17");
        else
            BOOST_TEST(requests.back().request.body == "x17");
        kill();
    }
}

BOOST_AUTO_TEST_CASE(a_poll_goes_on_from_its_last_url)
{
    bool is_done = false;
    answer = [&](const http::request& r) {
        if (r.method == "GET") return http::reply_with(200, is_done ? R"({"s":1})" : R"({"s":0})");
        auto reply = http::reply_with(202, "");
        reply.reply.fields.push_back({"Location", "/tasks/17"});
        return reply;
    };
    job a = hourly("a");
    a.poll = std::optional(
        poll_policy{.every = 1s, .expect = {.json = {{.pointer = "/s", .any_of = {1}}}}});
    start({a});
    run_for(1h + 2500ms);
    kill();
    is_done = true;
    start({a});
    run_for(5s);
    strings asked;
    for (const auto& s : requests)
        asked.push_back(s.request.method + " " + s.request.target.target);
    BOOST_TEST(
        asked == (strings{"POST /x", "GET /tasks/17", "GET /tasks/17", "GET /tasks/17"}),
        test::per_element());
    BOOST_TEST(last_run("a").outcome == outcome::completed);
    kill();
}

BOOST_AUTO_TEST_CASE(recovery_begins_attempts_and_deadline_anew)
{
    job a = hourly("a");
    a.retry = retry_policy{.attempts = 2, .backoff = 10s, .jitter = jitter::none};
    a.deadline = 30s;
    answer = [](const http::request&) { return http::reply_with(503, ""); };
    start({a});
    run_for(1h + 5s); // one attempt failed
    kill();
    run_for(1min); // longer than the deadline
    start({a});
    run_for(1min);
    // Between two attempts nothing was under way, but that is not known for sure.
    BOOST_TEST(sent() == (strings{"a 1", "a 3", "a 4"}), test::per_element());
    BOOST_TEST(last_run("a").outcome == outcome::failed);
    kill();
}

BOOST_AUTO_TEST_CASE(what_is_too_old_or_of_no_job_is_interrupted)
{
    schedule s{.every = 1h};
    s.catch_up_window = 10min;
    delay["a"] = delay["b"] = 10s;
    start({make("a", s), hourly("b"), hourly("c")});
    run_for(1h + 5s);
    kill();
    run_for(11min);
    strings told;
    start({make("a", s), hourly("c")});
    run_for(20s);
    BOOST_TEST(requests.size() == 3U);
    const run_record a = last_run("a");
    BOOST_TEST(a.outcome == outcome::interrupted);
    BOOST_TEST(a.reason == reason::window);
    BOOST_TEST(last_run("b").outcome == outcome::interrupted);
    BOOST_TEST(last_run("b").reason == reason::removed);
    kill();
}

BOOST_AUTO_TEST_CASE(what_someone_asked_for_once_is_interrupted)
{
    delay["a"] = 10s;
    for (const bool recovers : {false, true}) {
        requests.clear();
        start({hourly("a")}, {.seed = {}, .recovers_triggered = recovers});
        daemon->async_trigger("a", asio::detached);
        run_for(5s);
        kill();
        start({hourly("a")});
        run_for(20s);
        BOOST_TEST(requests.size() == (recovers ? 2U : 1U));
        const run_record run = last_run("a");
        BOOST_TEST(run.outcome == (recovers ? outcome::completed : outcome::interrupted));
        BOOST_TEST(run.trigger == run_trigger::manual);
        kill();
    }
}

BOOST_AUTO_TEST_CASE(a_run_of_another_process_is_left_alone)
{
    delay["a"] = 10s;
    const auto other = store.connect();
    carillon::runner beside(ctx.get_executor(), time, transport, *other);
    beside.set_jobs(job_set::create({hourly("a")}).value());
    beside.async_trigger("a", asio::detached);
    run_for(1s);
    start({hourly("a")});
    run_for(20s);
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(last_run("a").outcome == outcome::completed);
    beside.async_drain(asio::detached);
    kill();
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_its_instant)
{
    delay["a"] = 10s;
    start({hourly("a")});
    run_for(1h + 5s);
    kill();
    time.step(-30min); // the instant that was claimed is to come once more
    start({hourly("a")});
    run_for(20min);
    BOOST_TEST(requests.size() == 1U);
    run_for(10min);
    // And the hour that has come a second time is this one.
    run_for(1min);
    BOOST_REQUIRE_EQUAL(requests.size(), 2U);
    BOOST_TEST(header(0, "Idempotency-Key") == header(1, "Idempotency-Key"));
    kill();
}

BOOST_AUTO_TEST_SUITE_END()
