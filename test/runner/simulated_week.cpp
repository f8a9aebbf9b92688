#include "print.hpp"
#include "runner/simulation.hpp"

#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace simulated_week {

job_set pin_112()
{
    const shared_value<retry_policy> retry(retry_policy{.attempts = 3});
    const shared_value<expectation> expect(expectation{.json = {{"/status", {"completed"}}}});
    return job_set::create({{.name = "compute-stickiness",
                             .trigger = schedule{.every = 15min, .on_boot = 5min, .accuracy = 1min},
                             .url = "http://localhost:8000/ops/jobs/compute-stickiness",
                             .retry = retry,
                             .expect = expect},
                            {.name = "detect-silent-churn",
                             .trigger = after{{"compute-stickiness", condition::finished}},
                             .url = "http://localhost:8000/ops/jobs/detect-silent-churn",
                             .retry = retry,
                             .expect = expect}})
        .value();
}

/** An endpoint that is good mostly, and else slow, failing or gone. */
struct fickle_endpoint {
    std::mt19937 random{4}; // NOLINT: the same week each time

    http::scripted_reply operator()(const http::request&)
    {
        switch (std::uniform_int_distribution<int>(0, 9)(random)) {
        case 0:
            return http::reply_with(500, "", 2s);
        case 1:
            return http::reply_with(200, R"({"status":"error","message":"boom"})", 10ms);
        case 2:
            return http::reply_with(200, "<html>", 90s); // past the timeout
        case 3:
            return {.delay = 1ms, .error = boost::asio::error::connection_refused};
        default:
            return http::reply_with(200, R"({"status":"completed"})", 800ms);
        }
    }
};

} // namespace simulated_week

BOOST_FIXTURE_TEST_SUITE(simulated_week, simulation)

BOOST_AUTO_TEST_CASE(pin_112_fires_each_quarter_in_order_whatever_the_replies)
{
    answer = fickle_endpoint{};
    runner.set_jobs(pin_112());

    std::vector<instant> fired;
    std::map<outcome, int> outcomes;
    int retries = 0;
    instant chain_before_ended = monday;
    runner.on_event([&](const event& e) {
        std::visit(
            overloaded{
                [&](const run_started& s) {
                    fired.push_back(time.now());
                    BOOST_TEST(s.run.scheduled_at == time.now());
                    BOOST_TEST(time.now() >= chain_before_ended);
                },
                [&](const attempt_failed&) { ++retries; },
                [&](const job_started& s) {
                    const auto& first = s.run.jobs.front();
                    if (s.job.name == "detect-silent-churn") BOOST_TEST(first.outcome.has_value());
                },
                [&](const job_ended& j) { ++outcomes[*j.record.outcome]; },
                [&](const run_ended& r) {
                    chain_before_ended = time.now();
                    BOOST_TEST(r.run.jobs.size() == 2U);
                    for (const auto& j : r.run.jobs) BOOST_TEST(j.attempts.size() <= 3U);
                },
                [](const firing_began&) {},
                [&](const auto&) { BOOST_ERROR("an event that nobody expects"); },
            },
            e);
    });
    runner.async_run(boost::asio::detached);
    run_for(24h * 7);

    // 5 minutes after the boot, then each 15 minutes for a week.
    BOOST_REQUIRE_EQUAL(fired.size(), 7U * 24 * 4);
    for (std::size_t i = 0; i < fired.size(); ++i)
        BOOST_TEST_REQUIRE(fired[i] == monday + 5min + static_cast<int>(i) * 15min);
    BOOST_TEST(store.runs("compute-stickiness").size() == fired.size());

    int ended = 0;
    for (const auto& [o, count] : outcomes) ended += count;
    BOOST_TEST(ended == static_cast<int>(2 * fired.size()));
    BOOST_TEST(outcomes[outcome::completed] > 1200);
    BOOST_TEST(outcomes[outcome::failed] > 0);
    BOOST_TEST(outcomes[outcome::timed_out] > 0);
    BOOST_TEST(outcomes[outcome::unreachable] > 0);
    BOOST_TEST(static_cast<int>(requests.size()) == ended + retries);

    // Each attempt of one occurrence bears one key, and no other does.
    std::map<std::string, int> attempts_by_key;
    for (const auto& s : requests) {
        const int n = ++attempts_by_key[field(s.request, "Idempotency-Key")];
        BOOST_REQUIRE_EQUAL(field(s.request, "Carillon-Attempt"), std::to_string(n));
    }
    BOOST_TEST(attempts_by_key.size() == 2 * fired.size());
}

BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_weeks)
{
    const auto play = [] {
        simulation s;
        s.answer = fickle_endpoint{};
        s.runner.set_jobs(pin_112());
        s.runner.async_run(boost::asio::detached);
        s.run_for(24h);
        std::vector<std::pair<instant, std::string>> out;
        for (const auto& r : s.requests) out.emplace_back(r.at, field(r.request, "traceparent"));
        return out;
    };
    BOOST_TEST(play() == play());
}

BOOST_AUTO_TEST_SUITE_END()
