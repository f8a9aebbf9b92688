// What whoever embeds a runner builds upon: executors, operations that are launched late, listeners
// that go again, and runs that are cancelled one by one.

#include "print.hpp"
#include "runner/make.hpp"
#include "runner/simulation.hpp"
#include <carillon/http/client.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/testing.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace interface {

template <class T>
concept has_executor = requires(const T& object) {
    requires std::same_as<typename T::executor_type, asio::any_io_executor>;
    { object.get_executor() } noexcept -> std::same_as<asio::any_io_executor>;
};

static_assert(has_executor<carillon::runner>);
static_assert(has_executor<http::client>);
static_assert(has_executor<http::scripted_transport>);
static_assert(has_executor<memory_store>);
static_assert(has_executor<sqlite_store>);
static_assert(has_executor<system_time_source>);
static_assert(has_executor<virtual_time>);

using strings = std::vector<std::string>;

/** Runs that are longer than the time between them: one waits while another goes. */
struct queue_world : simulation {
    std::vector<run_id> ids;
    strings told;

    queue_world()
    {
        job a = make("a", schedule{.every = 10s});
        a.overlap = overlap_policy::queue;
        answer = [](const http::request&) { return http::reply_with(200, "{}", 15s); };
        runner.on_event([this](const event& e) {
            if (const auto* s = std::get_if<run_started>(&e)) {
                ids.push_back(s->run.id);
                tell("start", s->run);
            }
            if (const auto* r = std::get_if<run_ended>(&e))
                tell(std::string(to_string(*r->run.outcome)), r->run);
        });
        runner.set_jobs(job_set::create({a}).value());
        runner.async_run(asio::detached);
    }

    void tell(const std::string& what, const run_record& run)
    {
        told.push_back(what + " " + std::to_string((run.scheduled_at - monday) / 1s));
    }
};

} // namespace interface

BOOST_FIXTURE_TEST_SUITE(interface, simulation)

BOOST_AUTO_TEST_CASE(each_object_has_the_executor_that_it_was_given)
{
    const asio::any_io_executor strand = asio::make_strand(ctx);
    virtual_time clock(strand, monday);
    const http::client client(strand);
    const memory_store memory(strand);
    const system_time_source system(strand);
    const carillon::runner other(strand, clock, transport, store);
    BOOST_TEST((clock.get_executor() == strand));
    BOOST_TEST((client.get_executor() == strand));
    BOOST_TEST((memory.get_executor() == strand));
    BOOST_TEST((system.get_executor() == strand));
    BOOST_TEST((other.get_executor() == strand));
    BOOST_TEST((transport.get_executor() == ctx.get_executor()));
}

BOOST_AUTO_TEST_CASE(a_deferred_operation_begins_with_its_launch)
{
    runner.set_jobs(job_set::create({make("a")}).value());
    auto later = runner.async_trigger("a", asio::deferred);
    run_for(1s);
    BOOST_TEST(requests.empty());
    std::optional<run_record> record;
    std::move(later)([&](error_code ec, run_record r) {
        BOOST_TEST(!ec);
        record = std::move(r);
    });
    run_for(1s);
    BOOST_REQUIRE(record);
    BOOST_TEST(record->outcome == outcome::completed);
}

BOOST_AUTO_TEST_CASE(operations_are_deferred_where_no_token_is_given)
{
    runner.set_jobs(job_set::create({make("a")}).value());
    auto run = runner.async_run();
    auto trigger = runner.async_trigger("a");
    auto retry = runner.async_retry(run_id{});
    auto drain = runner.async_drain();
    run_for(1s);
    BOOST_TEST(requests.empty());

    std::vector<error_code> ended;
    const auto plain = [&](error_code ec) { ended.push_back(ec); };
    const auto with_record = [&](error_code ec, const run_record&) { ended.push_back(ec); };
    std::move(run)(plain);
    std::move(trigger)(with_record);
    std::move(retry)(with_record);
    run_for(1s);
    BOOST_TEST(requests.size() == 1U);
    std::move(drain)(plain);
    run_for(1s);
    BOOST_TEST(ended.size() == 4U);
    BOOST_TEST(std::count(ended.begin(), ended.end(), error_code{}) == 3);
}

BOOST_AUTO_TEST_CASE(what_is_launched_after_the_runners_end_is_aborted)
{
    // What was under way may keep the runner's inside alive, or not.
    for (const bool has_runs : {false, true}) {
        auto other = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, store);
        other->set_jobs(job_set::create({make("a")}).value());
        answer = [](const http::request&) { return http::reply_with(200, "{}", 20s); };
        if (has_runs) other->async_trigger("a", asio::detached);
        run_for(1s);
        auto run = other->async_run(asio::deferred);
        auto drain = other->async_drain(asio::deferred);
        auto trigger = other->async_trigger("a", asio::deferred);
        auto retry = other->async_retry(run_id{}, asio::deferred);
        other.reset();

        std::vector<error_code> ended;
        const auto plain = [&](error_code ec) { ended.push_back(ec); };
        const auto with_record = [&](error_code ec, const run_record&) { ended.push_back(ec); };
        std::move(run)(plain);
        std::move(drain)(plain);
        std::move(trigger)(with_record);
        std::move(retry)(with_record);
        BOOST_TEST(ended.empty()); // never within the call
        run_for(1s);
        BOOST_TEST(
            ended == std::vector<error_code>(4, asio::error::operation_aborted),
            boost::test_tools::per_element());
    }
    BOOST_TEST(requests.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_deferred_operation_does_not_keep_what_is_gone)
{
    std::optional<error_code> ended;
    auto context = std::make_unique<asio::io_context>();
    const auto launch = [&] {
        virtual_time clock(context->get_executor(), monday);
        memory_store memory(context->get_executor());
        carillon::runner other(context->get_executor(), clock, transport, memory);
        return other.async_run(asio::deferred);
    };
    auto late = launch(); // clock and store are gone, too
    std::move(late)([&](error_code ec) { ended = ec; });
    context->run();
    BOOST_TEST(ended == error_code(asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(a_removed_listener_is_told_no_more)
{
    runner.set_jobs(job_set::create({make("a")}).value());
    int kept = 0;
    int removed = 0;
    runner.on_event([&](const event&) { ++kept; }); // the handle may be thrown away
    subscription listener = runner.on_event([&](const event&) { ++removed; });
    runner.async_trigger("a", asio::detached);
    run_for(1s);
    BOOST_TEST(kept > 0);
    BOOST_TEST(removed == kept);
    const int before = removed;
    listener.remove();
    listener.remove();
    subscription{}.remove();
    runner.async_trigger("a", asio::detached);
    run_for(1s);
    BOOST_TEST(removed == before);
    BOOST_TEST(kept == 2 * before);
}

BOOST_AUTO_TEST_CASE(a_listener_may_remove_itself_and_others_within_its_call)
{
    runner.set_jobs(job_set::create({make("a")}).value());
    strings told;
    subscription self;
    subscription next;
    subscription before = runner.on_event([&](const event&) { told.emplace_back("before"); });
    self = runner.on_event([&, note = std::string("kept while it is called")](const event&) {
        self.remove();
        next.remove();
        before.remove();
        told.push_back(note);
    });
    next = runner.on_event([&](const event&) { told.emplace_back("next"); });
    runner.async_trigger("a", asio::detached);
    run_for(1s);
    BOOST_TEST(
        told == (strings{"before", "kept while it is called"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_removed_listener_holds_is_let_go)
{
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = held;
    subscription listener = runner.on_event([held = std::move(held)](const event&) {});
    const subscription copy = listener;
    listener.remove();
    BOOST_TEST(watch.expired());
    listener = copy;
    listener.remove();
}

BOOST_AUTO_TEST_CASE(a_subscription_may_outlive_its_runner)
{
    auto other = std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, store);
    subscription listener = other->on_event([](const event&) {});
    other.reset();
    listener.remove();
    run_for(1s);
}

BOOST_AUTO_TEST_CASE(one_run_is_cancelled_by_its_id)
{
    runner.set_jobs(job_set::create({make("a"), make("b", after{{"a"}})}).value());
    answer = [](const http::request&) { return http::reply_with(200, "{}", 20s); };
    std::vector<run_id> ids;
    runner.on_event([&](const event& e) {
        if (const auto* s = std::get_if<run_started>(&e)) ids.push_back(s->run.id);
    });
    std::vector<std::pair<error_code, run_record>> ended;
    for (int i = 0; i < 2; ++i)
        runner.async_trigger(
            "a", [&](error_code ec, run_record r) { ended.emplace_back(ec, std::move(r)); });
    run_for(5s);
    BOOST_REQUIRE(ids.size() == 2U);
    BOOST_TEST(!runner.cancel(ids[0]).has_error());
    BOOST_TEST(ended.empty()); // never within the call
    run_for(1s);
    BOOST_REQUIRE(ended.size() == 1U);
    BOOST_TEST(ended[0].first == error_code{});
    BOOST_TEST((ended[0].second.id == ids[0]));
    BOOST_TEST(ended[0].second.outcome == outcome::cancelled);
    BOOST_TEST(!ended[0].second.reason);
    BOOST_TEST(runner.running() == 1U);
    BOOST_TEST(runner.cancel(ids[0]).error() == errc::no_such_run); // it has ended
    run_for(1min);
    BOOST_REQUIRE(ended.size() == 2U);
    BOOST_TEST(ended[1].second.outcome == outcome::completed);
    BOOST_TEST(runner.cancel(ids[1]).error() == errc::no_such_run);
}

BOOST_AUTO_TEST_CASE(an_unknown_run_cannot_be_cancelled)
{
    BOOST_TEST(runner.cancel(run_id{}).error() == errc::no_such_run);
}

BOOST_AUTO_TEST_CASE(a_run_that_waits_in_the_queue_is_cancelled_by_its_id)
{
    // Ids repeat themselves with the seed: those of runs that wait are told to the store alone.
    queue_world usual;
    usual.run_for(1min);
    BOOST_REQUIRE(usual.ids.size() > 1U);
    queue_world w;
    w.run_for(22s);
    BOOST_REQUIRE((w.ids == std::vector{usual.ids[0]}));
    BOOST_TEST(!w.runner.cancel(usual.ids[1]).has_error());
    w.run_for(1s);
    BOOST_TEST(
        w.told == (strings{"start 10", "start 20", "cancelled 20"}),
        boost::test_tools::per_element());
    BOOST_TEST(w.requests.size() == 1U);
    BOOST_TEST(w.store.runs("a").at(0).outcome == outcome::cancelled);
    BOOST_TEST(!w.store.runs("a").at(0).reason);
    BOOST_TEST(w.runner.cancel(usual.ids[1]).error() == errc::no_such_run);
    // What comes next has its place.
    w.run_for(13s);
    BOOST_TEST(
        w.told == (strings{"start 10", "start 20", "cancelled 20", "completed 10", "start 30"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
