// How a runner ends: drained, cancelled, destroyed.

#include "runner/narrated_runner.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace ends {

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
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant, claim_handler handler) override
    {
        returned.insert(returned.end(), batch->returned.begin(), batch->returned.end());
        if (batch->claims.empty())
            return asio::post(
                executor_, asio::append(std::move(handler), error_code{}, std::vector<claim>{}));
        // Not assigned: clang then wraps Asio 1.81's handler in itself, without end.
        waiting_.emplace(std::move(handler));
    }
    void save_progress(run_id, job_record, plain_handler handler) override
    {
        asio::post(executor_, asio::append(std::move(handler), error_code{}));
    }
    void find(history_query, find_handler) override { BOOST_ERROR("not asked"); }
    void find_run(run_id, find_run_handler) override { BOOST_ERROR("not asked"); }
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override
    {
        recorded.push_back(*run);
        asio::post(executor_, asio::append(std::move(handler), error_code{}));
    }

    asio::any_io_executor executor_;
    std::optional<claim_handler> waiting_;
};

} // namespace ends

BOOST_FIXTURE_TEST_SUITE(ends, narrated_runner)

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
        narrated_runner f;
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

BOOST_AUTO_TEST_CASE(a_listener_may_end_the_runner_when_the_clock_is_set)
{
    auto other = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, store);
    other->set_jobs(job_set::create({make("a", schedule_from_cron("0 * * * *").value())}).value());
    other->on_event([&](const event& e) {
        if (std::holds_alternative<clock_changed>(e)) other.reset();
    });
    other->async_run([this](error_code ec) { run_result = ec; });
    run_for(1s);
    time.step(70min); // what is due by it is for the next start
    run_for(1s);
    BOOST_TEST(requests.empty());
    BOOST_TEST(!other);
    BOOST_TEST((run_result == error_code(asio::error::operation_aborted)));
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
        narrated_runner f;
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

BOOST_AUTO_TEST_SUITE_END()
