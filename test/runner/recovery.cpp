// What a crash leaves open, and what the next start makes of it.

#include "print.hpp"
#include "runner/machine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/uuid/string_generator.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace recoveries {

using strings = std::vector<std::string>;

job waiting_for(std::string name, std::string parent, condition when = condition::succeeded)
{
    return make(std::move(name), after{{std::move(parent), when}});
}

struct fixture : machine {
    fixture()
    {
        answer = [this](const http::request& r) {
            return http::reply_with(200, R"({"id":"x17"})", delay[field(r, "Carillon-Job")]);
        };
    }

    /** `JOB ATTEMPT` of each request. */
    strings sent() const
    {
        strings out;
        for (const auto& s : requests)
            out.push_back(s.job + " " + field(s.request, "Carillon-Attempt"));
        return out;
    }

    std::string header(std::size_t i, std::string_view name) const
    {
        return field(requests.at(i).request, name);
    }

    run_record last_run(const std::string& chain) const { return store.runs(chain).back(); }

    std::map<std::string, microseconds> delay; // of a job's replies
};

job hourly(std::string name) { return make(std::move(name), schedule{.every = 1h}); }

} // namespace recoveries

BOOST_FIXTURE_TEST_SUITE(recoveries, fixture)

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
    memory_store other(ctx.get_executor(), store);
    carillon::runner beside(ctx.get_executor(), time, transport, other);
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

BOOST_AUTO_TEST_CASE(a_failed_run_is_retried_from_the_job_that_failed)
{
    int status = 500;
    answer = [&](const http::request& r) {
        return http::reply_with(field(r, "Carillon-Job") == "b" ? status : 200, "{}");
    };
    const std::vector<job> jobs{hourly("a"), waiting_for("b", "a"), waiting_for("c", "b")};
    start(jobs);
    run_for(1h + 5s);
    status = 200;
    std::optional<error_code> result;
    run_record again;
    const auto retry = [&](run_id id) {
        result.reset();
        daemon->async_retry(id, [&](error_code ec, run_record r) {
            result = ec;
            again = std::move(r);
        });
        run_for(1s);
    };
    const run_record failed = last_run("a");
    retry(failed.id);
    BOOST_TEST(!*result);
    BOOST_TEST(sent() == (strings{"a 1", "b 1", "b 2", "c 1"}), test::per_element());
    BOOST_TEST(again.outcome == outcome::completed);
    BOOST_TEST(again.id == failed.id);
    BOOST_TEST(again.trigger == run_trigger::retry);
    BOOST_TEST(again.fence > failed.fence);
    BOOST_TEST(header(1, "Idempotency-Key") == header(2, "Idempotency-Key"));
    BOOST_TEST(store.runs("a").size() == 1U);
    retry(failed.id);
    BOOST_TEST(*result == errc::nothing_to_retry);
    retry({});
    BOOST_TEST(*result == errc::no_such_run);
    kill();
}

BOOST_AUTO_TEST_CASE(a_run_outlives_a_retry_that_the_store_answers_too_late)
{
    bool hangs = false;
    choose = [&](faulty_store::operation what) -> faulty_store::fault {
        return {.delay = hangs && what == faulty_store::operation::claim ? 40s : 0s};
    };
    start({hourly("a")});
    memory_store connected(ctx.get_executor(), store);
    delay["a"] = 10s;
    {
        carillon::runner once(
            ctx.get_executor(), time, transport, connected,
            {.seed = {}, .recovers_triggered = false});
        once.set_jobs(job_set::create({hourly("a")}).value());
        once.async_trigger("a", asio::detached);
        run_for(1s);
        connected.disconnect();
    }
    run_for(1s);
    delay["a"] = 0s;
    BOOST_REQUIRE_EQUAL(requests.size(), 1U);
    const auto id = boost::uuids::string_generator()(field(requests[0].request, "Carillon-Run"));
    std::optional<error_code> result;
    const auto retry = [&] {
        daemon->async_retry(id, [&](error_code ec, const run_record&) { result = ec; });
        run_for(15s);
    };
    hangs = true;
    retry();
    BOOST_TEST(result == errc::store_stalled);
    hangs = false;
    run_for(1min);
    retry();
    BOOST_TEST(*result == error_code());
    BOOST_TEST(requests.size() == 2U);
    BOOST_REQUIRE(!store.runs("a").empty());
    BOOST_TEST(last_run("a").outcome == outcome::completed);
    kill();
}

BOOST_AUTO_TEST_CASE(a_retry_that_is_cut_off_goes_on_and_keeps_what_had_completed)
{
    int status = 500;
    answer = [&](const http::request& r) {
        const bool is_b = field(r, "Carillon-Job") == "b";
        return http::reply_with(is_b ? status : 200, "{}", is_b ? delay["b"] : 0s);
    };
    const std::vector<job> jobs{hourly("a"), waiting_for("b", "a"), waiting_for("c", "b")};
    start(jobs);
    run_for(1h + 5s);
    const run_record failed = last_run("a");
    status = 200;
    delay["b"] = 10s;
    daemon->async_retry(failed.id, [](error_code, const run_record&) {});
    run_for(5s);
    kill();
    delay["b"] = 0s;
    start(jobs);
    run_for(5s);
    BOOST_TEST(sent() == (strings{"a 1", "b 1", "b 2", "b 3", "c 1"}), test::per_element());
    BOOST_TEST(store.runs("a").size() == 1U);
    const run_record run = last_run("a");
    BOOST_TEST(run.outcome == outcome::completed);
    BOOST_TEST(run.started_at == monday + 1h + 5s); // the first time
    BOOST_TEST(run.id == failed.id);
    BOOST_TEST(run.jobs.size() == 3U);
    BOOST_TEST(run.jobs.at(0).attempts.size() == 1U);
    kill();
}

BOOST_AUTO_TEST_SUITE_END()
