// Runs that failed and are tried again on demand.

#include "runner/slow_machine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/uuid/string_generator.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(retried_runs, slow_machine)

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
    const auto connected = store.connect();
    delay["a"] = 10s;
    {
        carillon::runner once(
            ctx.get_executor(), time, transport, *connected,
            {.seed = {}, .recovers_triggered = false});
        once.set_jobs(job_set::create({hourly("a")}).value());
        once.async_trigger("a", asio::detached);
        run_for(1s);
        connected->disconnect();
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
