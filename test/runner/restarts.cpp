#include "runner/simulation.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

job make(std::string name, trigger t)
{
    return {.name = std::move(name), .trigger = std::move(t), .url = "http://localhost:8000/x"};
}

/** A machine on which carillon comes and goes; the store stays. */
struct fixture : simulation {
    std::unique_ptr<carillon::runner> daemon;
    std::vector<missed_record> missed;

    void start(std::vector<job> jobs)
    {
        daemon = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, store);
        daemon->on_event([this](const event& e) {
            if (const auto* m = std::get_if<runs_missed>(&e))
                missed.push_back({m->first.name, m->from, m->to, m->count, m->reason});
        });
        daemon->set_jobs(job_set::create(std::move(jobs)).value());
        daemon->async_run(asio::detached);
        run_for(0s);
    }

    /** As by kill -9: nothing is told any more. */
    void kill()
    {
        daemon.reset();
        run_for(0s);
    }

    std::vector<std::string> instants(const std::string& job) const
    {
        std::vector<std::string> out;
        for (const auto& s : requests)
            if (s.job == job)
                out.push_back(field(s.request, "Carillon-Scheduled-At").substr(11, 8));
        return out;
    }
};

using strings = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(restarts, fixture)

BOOST_AUTO_TEST_CASE(what_passed_while_down_is_caught_up_with)
{
    const schedule s{.every = 15min};
    start({make("a", s)});
    run_for(20min);
    kill();
    run_for(50min);
    start({make("a", s)});
    run_for(6min);
    BOOST_TEST((instants("a") == strings{"00:15:00", "01:00:00", "01:15:00"}));
    BOOST_TEST((times("a") == std::vector<microseconds>{15min, 70min, 75min}));
    BOOST_REQUIRE_EQUAL(missed.size(), 1U);
    BOOST_TEST(
        (missed[0] == missed_record{"a", monday + 30min, monday + 45min, 2, reason::coalesced}));
    BOOST_TEST((store.missed().at(0) == missed[0]));
    kill();
}

BOOST_AUTO_TEST_CASE(a_job_that_never_ran_is_known_after_a_restart)
{
    const schedule daily = schedule_from_cron("0 2 * * *").value();
    start({make("a", daily)});
    kill();
    run_for(3h);
    start({make("a", daily)});
    run_for(1s);
    BOOST_TEST((instants("a") == strings{"02:00:00"}));
    kill();
}

BOOST_AUTO_TEST_CASE(caught_up_runs_follow_one_another)
{
    schedule s{.every = 10min};
    s.catch_up = catch_up_policy::all;
    start({make("a", s)});
    kill();
    run_for(35min);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 20ms); };
    start({make("a", s)});
    run_for(150ms);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 30s); };
    run_for(2min);
    BOOST_TEST((instants("a") == strings{"00:10:00", "00:20:00", "00:30:00"}));
    BOOST_TEST((times("a") == std::vector<microseconds>{35min, 35min + 100ms, 35min + 200ms}));
    kill();
}

BOOST_AUTO_TEST_CASE(what_is_still_owed_survives_a_kill)
{
    schedule s{.every = 10min};
    s.catch_up = catch_up_policy::all;
    start({make("a", s)});
    kill();
    run_for(35min);
    answer = [](const http::request&) { return http::reply_with(200, "{}", 1min); };
    start({make("a", s)});
    run_for(90s); // the second goes
    kill();
    start({make("a", s)});
    run_for(2min);
    BOOST_TEST((instants("a") == strings{"00:10:00", "00:20:00", "00:30:00"}));
    kill();
}

BOOST_AUTO_TEST_CASE(a_pause_is_remembered)
{
    const schedule s{.every = 10min};
    start({make("a", s), make("b", after{{"a"}})});
    BOOST_TEST((daemon->pause("nobody").error() == errc::no_such_job));
    BOOST_TEST((daemon->pause("b").error() == errc::no_schedule));
    BOOST_TEST(daemon->pause("a").has_value());
    BOOST_TEST(daemon->is_paused("a"));
    run_for(25min);
    kill();
    start({make("a", s), make("b", after{{"a"}})});
    BOOST_TEST(daemon->is_paused("a"));
    run_for(10min);
    BOOST_TEST(requests.empty());
    daemon->async_trigger("a", asio::detached); // by hand it runs
    run_for(1s);
    BOOST_TEST(requests.size() == 2U);
    BOOST_TEST(daemon->resume("a").has_value());
    run_for(5min);
    BOOST_TEST(instants("a").back() == "00:40:00");
    BOOST_TEST(missed.empty());
    kill();
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_ends_the_run)
{
    struct broken final : carillon::store {
        explicit broken(asio::any_io_executor ex) : executor(std::move(ex)) {}
        void load(load_handler handler) override
        {
            asio::post(executor, [h = std::move(handler)]() mutable {
                std::move(h)(asio::error::no_permission, std::vector<job_memory>{});
            });
        }
        void claim_all(claim_batch, instant, claim_handler) override { BOOST_ERROR("no claim"); }
        void record(run_record, record_handler) override { BOOST_ERROR("no record"); }
        asio::any_io_executor executor;
    };
    broken unreadable(ctx.get_executor());
    carillon::runner tested(ctx.get_executor(), time, transport, unreadable);
    tested.set_jobs(job_set::create({make("a", schedule{.every = 1s})}).value());
    std::optional<error_code> result;
    tested.async_run([&](error_code ec) { result = ec; });
    BOOST_TEST((tested.pause("a").error() == errc::not_running));
    run_for(10s);
    BOOST_TEST((result == asio::error::no_permission));
    BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_SUITE_END()
