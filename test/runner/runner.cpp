#include "print.hpp"
#include "runner/simulation.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace runners {

job make(std::string name, trigger t = {})
{
    return {.name = std::move(name), .trigger = std::move(t), .url = "http://localhost:8000/x"};
}

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

/** A fixture whose runner must leave no work behind. */
struct fixture : simulation {
    std::vector<std::string> told;
    std::optional<error_code> run_result;

    fixture()
    {
        runner.on_event([this](const event& e) {
            std::visit(
                overloaded{
                    [&](const run_started& s) { tell("start " + s.run.chain); },
                    [&](const job_ended& j) {
                        tell(std::string(to_string(*j.record.outcome)) + " " + j.job.name);
                        last_message = j.record.message;
                    },
                    [&](const run_ended& r) {
                        tell("end " + r.run.chain + " " + std::string(to_string(*r.run.outcome)));
                    },
                    [&](const run_skipped& s) {
                        tell("skip " + s.first.name + " " + std::to_string(s.in_a_row));
                    },
                    [&](const runs_missed& m) { tell("missed " + std::to_string(m.count)); },
                    [&](const clock_changed& c) { tell("clock " + std::to_string(c.by / 1s)); },
                    [&](const auto&) {},
                },
                e);
        });
    }

    void tell(std::string what) { told.push_back(std::move(what)); }

    void start(std::vector<job> jobs)
    {
        runner.set_jobs(job_set::create(std::move(jobs)).value());
        runner.async_run([this](error_code ec) { run_result = ec; });
    }

    void expect_no_work_left()
    {
        BOOST_TEST(!time.next_wait());
        ctx.restart();
        ctx.poll();
        BOOST_TEST(ctx.stopped());
    }

    void slow(microseconds delay)
    {
        answer = [delay](const http::request&) { return http::reply_with(200, "{}", delay); };
    }

    std::string last_message;
};

using strings = std::vector<std::string>;

/** Answers a claim only when told to, as a disk may. */
class slow_store final : public carillon::store {
public:
    explicit slow_store(asio::any_io_executor ex) : executor_(std::move(ex)) {}

    void answer_claim()
    {
        claim_handler handler = std::move(*waiting_);
        waiting_.reset();
        asio::post(
            executor_,
            asio::append(
                std::move(handler), error_code{}, std::vector<claim>{{.won = true, .fence = 1}}));
    }

    std::vector<run_record> recorded;
    std::vector<returned_claim> returned;

private:
    void load(load_handler handler) override
    {
        asio::post(executor_, asio::append(std::move(handler), error_code{}, recollection{}));
    }
    void
    claim_all(std::shared_ptr<const claim_batch> batch, instant, claim_handler handler) override
    {
        returned.insert(returned.end(), batch->returned.begin(), batch->returned.end());
        if (batch->claims.empty())
            return asio::post(
                executor_, asio::append(std::move(handler), error_code{}, std::vector<claim>{}));
        // Not assigned: clang then wraps Asio 1.81's handler in itself, without end.
        waiting_.emplace(std::move(handler));
    }
    void save(run_id, job_record, plain_handler handler) override
    {
        asio::post(executor_, asio::append(std::move(handler), error_code{}));
    }
    void find(history_query, find_handler) override { BOOST_ERROR("not asked"); }
    void find_run(run_id, find_run_handler) override { BOOST_ERROR("not asked"); }
    void record(std::shared_ptr<const run_record> run, plain_handler handler) override
    {
        recorded.push_back(*run);
        asio::post(executor_, asio::append(std::move(handler), error_code{}));
    }

    asio::any_io_executor executor_;
    std::optional<claim_handler> waiting_;
};

} // namespace runners

BOOST_FIXTURE_TEST_SUITE(runners, fixture)

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

BOOST_AUTO_TEST_CASE(draining_lets_runs_end)
{
    slow(20s);
    start({make("a", schedule{.every = 10s}), make("b", after{{"a"}})});
    run_for(12s);
    std::optional<error_code> drained;
    runner.async_drain([&](error_code ec) { drained = ec; });
    ctx.restart();
    ctx.poll();
    BOOST_TEST(!drained);
    run_for(1h);
    BOOST_TEST(
        told == (strings{"start a", "completed a", "completed b", "end a completed"}),
        test::per_element());
    BOOST_TEST(drained == error_code{});
    BOOST_TEST(run_result == error_code{});
    expect_no_work_left();
}

BOOST_AUTO_TEST_CASE(cancelling_the_drain_cancels_the_runs)
{
    slow(50s);
    start({make("a", schedule{.every = 10s}), make("b", after{{"a", condition::finished}})});
    run_for(12s);
    asio::cancellation_signal stop;
    std::optional<error_code> drained;
    runner.async_drain(
        asio::bind_cancellation_slot(stop.slot(), [&](error_code ec) { drained = ec; }));
    run_for(5s);
    stop.emit(asio::cancellation_type::terminal);
    run_for(1s);
    BOOST_TEST(
        told == (strings{"start a", "cancelled a", "cancelled b", "end a cancelled"}),
        test::per_element());
    BOOST_TEST(drained == asio::error::operation_aborted);
    BOOST_TEST(run_result == error_code{});
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(store.runs("a").at(0).outcome == outcome::cancelled);
    BOOST_TEST(store.runs("a").at(0).jobs.at(1).message == "cancelled before it began");
    expect_no_work_left();
}

BOOST_AUTO_TEST_CASE(total_cancellation_of_the_run_lets_runs_end_and_terminal_does_not)
{
    for (const bool terminal : {false, true}) {
        fixture f;
        f.slow(20s);
        asio::cancellation_signal stop;
        f.runner.set_jobs(job_set::create({make("a", schedule{.every = 10s})}).value());
        std::optional<error_code> result;
        f.runner.async_run(
            asio::bind_cancellation_slot(stop.slot(), [&](error_code ec) { result = ec; }));
        f.run_for(12s);
        stop.emit(terminal ? asio::cancellation_type::terminal : asio::cancellation_type::total);
        f.run_for(1h);
        BOOST_TEST(
            f.told == (strings{
                          "start a", terminal ? "cancelled a" : "completed a",
                          terminal ? "end a cancelled" : "end a completed"}),
            test::per_element());
        BOOST_TEST(result == asio::error::operation_aborted);
        f.expect_no_work_left();
    }
}

BOOST_AUTO_TEST_CASE(runs_again_after_a_drain)
{
    start({make("a", schedule{.every = 10s})});
    run_for(12s);
    runner.async_drain(asio::detached);
    run_for(30s);
    BOOST_TEST(requests.size() == 1U);
    runner.async_run([this](error_code ec) { run_result = ec; });
    // What passed while nobody ran was missed: one run makes up for it.
    run_for(1s);
    BOOST_TEST(requests.size() == 2U);
    std::optional<error_code> twice;
    runner.async_run([&](error_code ec) { twice = ec; });
    run_for(0s);
    BOOST_TEST(twice == errc::already_running);
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

BOOST_AUTO_TEST_CASE(a_drained_runner_takes_no_triggers)
{
    start({make("a")});
    runner.async_drain(asio::detached);
    std::optional<error_code> result;
    runner.async_trigger("a", [&](error_code ec, run_record) { result = ec; });
    run_for(1s);
    BOOST_TEST(result == errc::not_running);
    BOOST_TEST(requests.empty());
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
            fixture f;
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

BOOST_AUTO_TEST_CASE(of_two_runners_on_one_store_one_runs_an_instant)
{
    memory_store shared(ctx.get_executor(), store);
    carillon::runner other{ctx.get_executor(), time, transport, shared, {.seed = 2}};
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

BOOST_AUTO_TEST_CASE(a_claim_that_comes_after_the_cancellation_sends_nothing)
{
    slow_store late(ctx.get_executor());
    carillon::runner other(ctx.get_executor(), time, transport, late);
    other.set_jobs(job_set::create({make("a", schedule{.every = 10s})}).value());
    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    other.async_run(asio::bind_cancellation_slot(stop.slot(), [&](error_code ec) { ended = ec; }));
    run_for(10s);
    stop.emit(asio::cancellation_type::terminal);
    run_for(0s);
    BOOST_TEST(!ended);
    late.answer_claim();
    run_for(0s);
    BOOST_TEST(requests.empty());
    BOOST_TEST(ended == error_code(asio::error::operation_aborted));
    BOOST_TEST(late.recorded.empty());
    BOOST_TEST_REQUIRE(late.returned.size() == 1U); // to the next start
    BOOST_TEST((late.returned[0].what == returned_claim::kind::unbegun));
}

BOOST_AUTO_TEST_CASE(what_stands_due_in_its_window_is_not_lost)
{
    // Woken for b at 30 s, a would go with it; a reload and a stop come in between.
    const std::vector<job> jobs{
        make("a", schedule{.on_start = 10s, .accuracy = 1min}),
        make("b", schedule{.on_start = 30s, .accuracy = 1min})};
    start(jobs);
    run_for(20s);
    BOOST_TEST(requests.empty());
    runner.set_jobs(job_set::create({jobs[1]}).value());
    run_for(0s);
    BOOST_TEST(times("a") == std::vector<microseconds>{20s}, test::per_element());

    runner.set_jobs(job_set::create({make("c", schedule{.on_start = 25s, .accuracy = 1min}),
                                     make("d", schedule{.on_start = 50s, .accuracy = 1min})})
                        .value());
    run_for(20s);
    told.clear();
    runner.async_drain(asio::detached);
    BOOST_TEST(told == strings{"skip c 1"}, test::per_element());
    run_for(1h);
    BOOST_TEST(times("c").empty());
}

BOOST_AUTO_TEST_CASE(a_listener_may_end_the_runner)
{
    auto other = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, store);
    other->set_jobs(job_set::create({make("a", schedule{.every = 10s})}).value());
    other->on_event([&, note = std::string("kept while it is called")](const event& e) {
        if (!std::holds_alternative<run_ended>(e)) return;
        other.reset();
        tell(note);
    });
    other->async_run(asio::detached);
    run_for(1min);
    BOOST_TEST(told == strings{"kept while it is called"}, test::per_element());
    BOOST_TEST(requests.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_listener_may_end_the_runner_within_its_own_call)
{
    auto other = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, store);
    other->set_jobs(job_set::create({make("a", schedule{.on_start = 10s, .accuracy = 1min}),
                                     make("b", schedule{.on_start = 30s, .accuracy = 1min})})
                        .value());
    other->on_event([&](const event& e) {
        if (std::holds_alternative<run_skipped>(e)) other.reset();
    });
    other->async_run(asio::detached);
    run_for(20s);
    std::optional<error_code> drained;
    other->async_drain([&](error_code ec) { drained = ec; });
    BOOST_TEST(!other);
    run_for(1min);
    BOOST_TEST(drained == error_code(asio::error::operation_aborted));
    BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_CASE(a_run_cannot_begin_while_a_drain_goes_on)
{
    slow(20s);
    start({make("a", schedule{.every = 10s})});
    run_for(12s);
    std::optional<error_code> drained;
    std::optional<error_code> again;
    runner.async_drain([&](error_code ec) { drained = ec; });
    runner.async_run([&](error_code ec) { again = ec; });
    run_for(1h);
    BOOST_TEST(again == error_code(errc::already_running));
    BOOST_TEST(drained == error_code{});
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

BOOST_AUTO_TEST_CASE(completes_on_the_handlers_executor)
{
    asio::thread_pool other(1);
    std::thread::id where;
    runner.async_drain(
        asio::bind_executor(other, [&](error_code) { where = std::this_thread::get_id(); }));
    run_for(0s);
    other.join();
    BOOST_TEST((where != std::thread::id{} && where != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(destroyed_while_running_it_ends_what_goes)
{
    std::optional<error_code> result;
    {
        carillon::runner shortlived(ctx.get_executor(), time, transport, store);
        slow(20s);
        shortlived.set_jobs(job_set::create({make("a", schedule{.every = 10s})}).value());
        shortlived.async_run([&](error_code ec) { result = ec; });
        run_for(12s);
    }
    run_for(1s);
    BOOST_TEST(result == asio::error::operation_aborted);
    expect_no_work_left();
}

BOOST_AUTO_TEST_CASE(a_context_that_ends_early_takes_its_runs_along)
{
    // The handler is destroyed with the run, not kept by it and the runner keeping each other.
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = held;
    {
        fixture f;
        f.slow(20s);
        f.runner.set_jobs(job_set::create({make("a")}).value());
        f.runner.async_trigger("a", [held = std::move(held)](error_code, const run_record&) {
            BOOST_ERROR("no end");
        });
        f.run_for(1s);
        BOOST_TEST(f.runner.running() == 1U);
    }
    BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_CASE(a_wait_that_cannot_be_had_is_asked_for_again_without_haste)
{
    /** A clock without timers for the wall clock, as a process without descriptors has it. */
    class poor_time final : public time_source {
    public:
        poor_time(asio::io_context& ctx, virtual_time& real) : ctx_(ctx), real_(real) {}
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
