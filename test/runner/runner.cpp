#include "runner/narrated_runner.hpp"

#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace runners {

/** Keeps what it is told of how many connections to keep. */
class told_transport final : public http::transport {
public:
    std::size_t per_origin = 0;
    std::size_t in_all = 0;

    void keep_at_least(std::size_t at_one, std::size_t at_all) override
    {
        per_origin = std::max(per_origin, at_one);
        in_all = std::max(in_all, at_all);
    }

private:
    void send(http::request, const http::limits&, handler_type) override {}
};

} // namespace runners

BOOST_FIXTURE_TEST_SUITE(runners, narrated_runner)

BOOST_AUTO_TEST_CASE(a_trigger_runs_a_chain_now)
{
    runner.set_jobs(job_set::create({make("a"), make("b", after{{"a"}})}).value());
    std::optional<run_record> whole;
    std::optional<run_record> part;
    runner.async_trigger("a", [&](error_code ec, run_record r) {
        BOOST_TEST(!ec);
        whole = std::move(r);
    });
    runner.async_trigger("b", [&](error_code, run_record r) { part = std::move(r); });
    BOOST_TEST(!whole);
    run_for(1s);
    BOOST_REQUIRE((whole && part));
    BOOST_TEST(whole->outcome == outcome::completed);
    BOOST_TEST(whole->trigger == run_trigger::manual);
    BOOST_TEST(whole->scheduled_at == monday);
    BOOST_TEST(whole->jobs.size() == 2U);
    BOOST_TEST(part->chain == "b");
    BOOST_TEST(part->jobs.size() == 1U);

    std::optional<error_code> unknown;
    runner.async_trigger("c", [&](error_code ec, run_record) { unknown = ec; });
    run_for(0s);
    BOOST_TEST(unknown == errc::no_such_job);
    expect_no_work_left();
}

BOOST_AUTO_TEST_CASE(triggers_within_one_microsecond_are_told_apart)
{
    runner.set_jobs(job_set::create({make("a")}).value());
    std::vector<instant> names;
    for (int i = 0; i < 3; ++i)
        runner.async_trigger(
            "a", [&](error_code, const run_record& r) { names.push_back(r.scheduled_at); });
    run_for(1s);
    BOOST_TEST(names == (std::vector{monday, monday + 1us, monday + 2us}));
}

BOOST_AUTO_TEST_CASE(a_run_by_hand_leaves_the_schedules_names_alone)
{
    job often = make("a", schedule{.every = 15min});
    often.overlap = overlap_policy::allow;
    start({often});
    run_for(15min - 1us);
    time.advance_to(monday + 15min);
    runner.async_trigger("a", asio::detached);
    run_for(1s);
    std::vector<std::string> names;
    for (const auto& r : requests)
        names.push_back(field(r.request, "Carillon-Scheduled-At").substr(14));
    std::sort(names.begin(), names.end());
    BOOST_TEST(
        names == (std::vector<std::string>{"15:00.000000Z", "15:00.000001Z"}), per_element());
}

BOOST_AUTO_TEST_CASE(no_job_overtakes_itself)
{
    slow(25s);
    start({make("a", schedule{.every = 10s})});
    run_for(45s);
    BOOST_TEST(
        told ==
            (strings{
                "start a", "skip a 1", "skip a 2", "completed a", "end a completed", "start a"}),
        test::per_element());
}

BOOST_AUTO_TEST_CASE(runs_keep_their_definition_over_a_reload)
{
    slow(20s);
    start({make("a", schedule{.every = 10s}), make("b", after{{"a"}})});
    run_for(12s);
    job changed = make("a", schedule{.every = 10s});
    changed.url = "http://localhost:8000/changed";
    runner.set_jobs(job_set::create({changed}).value());
    run_for(45s);
    // The run of 10 s ends with b at 50 s; those of 20, 30, 40 and 50 s are skipped.
    BOOST_TEST(times("a") == std::vector<microseconds>{10s}, test::per_element());
    BOOST_TEST(times("b") == std::vector<microseconds>{30s}, test::per_element());
    run_for(5s);
    BOOST_REQUIRE_EQUAL(times("a").size(), 2U);
    BOOST_TEST(requests.back().request.target.target == "/changed");
}

BOOST_AUTO_TEST_CASE(jobs_come_and_go_one_by_one)
{
    start({make("a", schedule{.every = 10s})});
    BOOST_TEST(!runner.next_due("a")); // what the store remembers is still to come
    run_for(0s);
    BOOST_TEST(runner.add(make("b", schedule{.every = 3s})).has_value());
    BOOST_TEST(runner.next_due("b") == monday + 3s);
    run_for(10s);
    BOOST_TEST(times("b").size() == 3U);
    BOOST_TEST(runner.remove("b").has_value());
    run_for(10s);
    BOOST_TEST(times("b").size() == 3U);
    BOOST_TEST(times("a").size() == 2U);
    BOOST_TEST(runner.remove("b").has_error());
    BOOST_TEST(runner.add(make("c d")).has_error());
    BOOST_TEST(runner.add(make("child", after{{"a"}})).has_value());
    BOOST_TEST(runner.remove("a").has_error()); // someone waits for it
}

BOOST_AUTO_TEST_CASE(what_a_listener_changes_within_a_change_stays)
{
    answer = [](const http::request&) { return http::reply_with(200, "{}", 50s); };
    start({make("a", schedule{.every = 30s}), make("x")});
    run_for(45s); // `a` is running
    runner.on_event([&](const event& e) {
        if (std::holds_alternative<run_skipped>(e)) BOOST_TEST(runner.remove("x").has_value());
    });
    time.advance_to(time.now() + 20s); // it is due, and nobody has been told yet
    BOOST_TEST(runner.add(make("b")).has_value());
    BOOST_TEST(runner.jobs()->find("b").has_value());
    BOOST_TEST(!runner.jobs()->find("x").has_value());
}

BOOST_AUTO_TEST_CASE(of_two_runners_on_one_store_one_runs_an_instant)
{
    const auto shared = store.connect();
    carillon::runner other{ctx.get_executor(), time, transport, *shared, {.seed = 2}};
    const std::vector<job> jobs{make("a", schedule{.every = 15min})};
    int missed = 0;
    other.on_event([&](const event& e) {
        if (std::holds_alternative<runs_missed>(e)) ++missed;
    });
    other.set_jobs(job_set::create(jobs).value());
    other.async_run(asio::detached);
    start(jobs);
    run_for(1h);
    BOOST_TEST(
        times("a") == (std::vector<microseconds>{15min, 30min, 45min, 60min}), per_element());
    BOOST_TEST(store.missed().empty());
    BOOST_TEST(missed == 0);
    other.async_drain(asio::detached);
    run_for(1s);
}

BOOST_AUTO_TEST_CASE(many_runs_at_one_instant_all_start)
{
    std::vector<job> jobs;
    for (int i = 0; i < 1000; ++i)
        jobs.push_back(make("j" + std::to_string(i), schedule{.every = 10s}));
    start(std::move(jobs));
    run_for(10s);
    BOOST_TEST(requests.size() == 1000U);
    for (const auto& r : requests) BOOST_TEST(r.at == monday + 10s);
}

BOOST_AUTO_TEST_CASE(independent_branches_do_not_wait_for_each_other)
{
    answer = [](const http::request& r) {
        return http::reply_with(200, "{}", field(r, "Carillon-Job") == "slow" ? 30s : 1s);
    };
    start(
        {make("a"), make("slow", after{{"a"}}), make("quick", after{{"a"}}),
         make("last", after{{"slow"}, {"quick"}})});
    runner.async_trigger("a", asio::detached);
    run_for(1h);
    BOOST_TEST(times("quick") == std::vector<microseconds>{1s}, test::per_element());
    BOOST_TEST(times("slow") == std::vector<microseconds>{1s}, test::per_element());
    BOOST_TEST(times("last") == std::vector<microseconds>{31s}, test::per_element());
}

BOOST_AUTO_TEST_CASE(as_many_connections_are_kept_as_attempts_may_go_at_one_origin)
{
    told_transport told_of;
    carillon::runner limited(
        ctx.get_executor(), time, told_of, store,
        {.seed = {}, .max_concurrent = 40, .max_per_origin = 30});
    BOOST_TEST(told_of.per_origin == 30U);
    BOOST_TEST(told_of.in_all == 40U);
    limited.set_max_per_origin(300);
    limited.set_max_concurrent(3000);
    BOOST_TEST(told_of.per_origin == 300U);
    BOOST_TEST(told_of.in_all == 3000U);
}

BOOST_AUTO_TEST_SUITE_END()
