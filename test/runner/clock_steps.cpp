// What a runner makes of a clock that is set.

#include "runner/narrated_runner.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(clock_steps, narrated_runner)

BOOST_AUTO_TEST_CASE(a_stepped_clock_is_noticed_at_once)
{
    start(
        {make("boot", schedule{.every = 15min, .on_boot = 5min}),
         make("wall", schedule{.every = 15min})});
    run_for(7min);
    told.clear();
    requests.clear();
    time.step(1h);
    run_for(0s);
    BOOST_TEST(told.at(0) == "clock 3600");
    BOOST_TEST(told.at(1) == "missed 3");
    BOOST_REQUIRE_EQUAL(requests.size(), 1U);
    BOOST_TEST(requests[0].job == "wall");
    BOOST_TEST(
        field(requests[0].request, "Carillon-Scheduled-At") == "2026-01-05T01:00:00.000000Z");
    BOOST_TEST(runner.next_due("boot") == monday + 80min); // 20 minutes after boot, in the new time
    time.step(500ms);                                      // too small to be a step
    run_for(0s);
    BOOST_TEST(runner.next_due("boot") == monday + 80min);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_silences_no_hour_and_repeats_no_key)
{
    start({make("a", schedule{.every = 15min})});
    run_for(2h);
    time.step(-1h);
    run_for(1h);
    BOOST_TEST(requests.size() == 12U);
    std::vector<std::string> keys;
    for (const auto& r : requests) keys.push_back(field(r.request, "Idempotency-Key"));
    BOOST_TEST(keys.at(8) == "a@2026-01-05T01:15:00.000001Z");
    std::sort(keys.begin(), keys.end());
    BOOST_TEST(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

BOOST_AUTO_TEST_CASE(a_key_is_used_once_however_little_the_store_keeps)
{
    start({make("a", schedule{.every = 1s})});
    run_for(200s);
    time.step(-100s);
    run_for(150s);
    time.step(-100s);
    run_for(100s);
    std::vector<std::string> keys;
    for (const auto& r : requests) keys.push_back(field(r.request, "Idempotency-Key"));
    BOOST_TEST(keys.size() == 450U);
    std::sort(keys.begin(), keys.end());
    BOOST_TEST(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

BOOST_AUTO_TEST_CASE(a_fixed_time_that_has_run_does_not_run_again_after_a_step_back)
{
    start({make("a", schedule_from_cron("30 1 * * *").value())});
    run_for(2h);
    time.step(-1h); // 01:30 comes a second time
    run_for(2h);
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(runner.next_due("a") == monday + 24h + 90min);
    run_for(24h); // and its gate is open
    BOOST_TEST(requests.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_clock_that_visits_the_end_of_time_ends_no_job)
{
    start({make("a", schedule{.every = 15min})});
    time.step(std::chrono::years{300});
    run_for(0s);
    time.step(-std::chrono::years{300});
    run_for(0s);
    BOOST_TEST(runner.next_due("a") == monday + 15min);
}

BOOST_AUTO_TEST_CASE(a_disabled_jobs_grid_moves_with_the_clock)
{
    job a = make("a", schedule{.every = 15min, .on_boot = 5min});
    a.enabled = false;
    start({a, make("b", schedule{.every = 1h})});
    run_for(1min);
    time.step(7min);
    run_for(0s);
    a.enabled = true;
    runner.set_jobs(job_set::create({a}).value());
    BOOST_TEST(runner.next_due("a") == monday + 12min);
}

BOOST_AUTO_TEST_CASE(a_step_that_nobody_saw_moves_a_new_plan_once)
{
    // The clock is set while nothing waits for it; then a plan comes, before the runner has looked.
    start({make("old", schedule{.every = 1h, .on_start = 10min})});
    run_for(1min);
    time.step(24h);
    runner.set_jobs(job_set::create({make("old", schedule{.every = 1h, .on_start = 10min}),
                                     make("new", schedule{.every = 1h, .on_start = 20min})})
                        .value());
    run_for(0s);
    BOOST_TEST(runner.next_due("old") == monday + 24h + 10min);
    BOOST_TEST(runner.next_due("new") == monday + 24h + 20min);
}

BOOST_AUTO_TEST_CASE(a_wait_that_cannot_be_had_is_asked_for_again_without_haste)
{
    /** A clock without timers for the wall clock, as a process without descriptors has it. */
    class poor_time final : public time_source {
    public:
        poor_time(asio::io_context& ctx, virtual_time& real) : ctx_(ctx), real_(real) {}
        executor_type get_executor() const noexcept override { return ctx_.get_executor(); }
        instant now() const noexcept override { return real_.now(); }
        microseconds since_boot() const noexcept override { return real_.since_boot(); }
        boost::uuids::uuid boot_id() const noexcept override { return real_.boot_id(); }
        int asked = 0;

    private:
        void wait_until(instant, handler_type handler) override
        {
            // Bounded, so that a runner in haste fails this test instead of hanging it.
            if (++asked > 1000) return;
            asio::post(
                ctx_, asio::append(std::move(handler), error_code(asio::error::no_descriptors)));
        }
        void wait_for(microseconds span, handler_type handler) override
        {
            real_.async_wait_for(span, std::move(handler));
        }
        asio::io_context& ctx_;
        virtual_time& real_;
    };
    poor_time poor(ctx, time);
    carillon::runner tested(ctx.get_executor(), poor, transport, store);
    tested.set_jobs(job_set::create({make("a", schedule{.every = 10s})}).value());
    tested.async_run(asio::detached);
    run_for(30s);
    BOOST_TEST(poor.asked < 100);
    BOOST_TEST(times("a").size() == 3U); // late by a second at the most, but not lost
    tested.async_drain(asio::detached);
    run_for(2s);
}

BOOST_AUTO_TEST_SUITE_END()
