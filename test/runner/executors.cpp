// A runner on a strand of a context with several threads: whatever the clock's and the store's
// executors are, its work and its listeners stay on the strand.

#include <carillon/http/scripted_transport.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace std::chrono_literals;

namespace executors {

constexpr int enough_events = 400;

struct world {
    asio::io_context ctx;
    asio::strand<asio::io_context::executor_type> strand = asio::make_strand(ctx);
    system_time_source time{ctx.get_executor()};
    int asked = 0;
    http::scripted_transport transport{
        strand, time, [this](const http::request&) {
            // Some are waited for, some tried again.
            return http::reply_with(asked % 5 == 0 ? 500 : 200, "{}", asked % 3 == 0 ? 3ms : 0ms);
        }};
    memory_store store{ctx.get_executor()};
    carillon::runner runner{strand, time, transport, store, {.seed = 1, .max_per_origin = 2}};
    int events = 0;
    int elsewhere = 0;

    world()
    {
        runner.on_event([this](const event&) {
            if (!strand.running_in_this_thread()) ++elsewhere;
            if (++events != enough_events) return;
            runner.async_drain([this](error_code) {
                if (!strand.running_in_this_thread()) ++elsewhere;
            });
        });
        std::vector<job> jobs;
        for (int i = 0; i < 8; ++i) {
            job j{.name = "job-" + std::to_string(i), .url = "http://localhost:8000/x"};
            j.trigger = schedule{.every = 100ms};
            j.retry = retry_policy{.attempts = 3, .backoff = 10ms, .max_backoff = 20ms};
            jobs.push_back(std::move(j));
        }
        runner.set_jobs(job_set::create(std::move(jobs)).value());
    }
};

} // namespace executors

BOOST_AUTO_TEST_SUITE(executors)

BOOST_AUTO_TEST_CASE(all_work_stays_on_the_runners_executor)
{
    world w;
    asio::post(w.strand, [&] { w.runner.async_run(asio::detached); });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { w.ctx.run(); });
    for (std::thread& t : threads) t.join();
    BOOST_TEST(w.events >= enough_events);
    BOOST_TEST(w.elsewhere == 0);
}

BOOST_AUTO_TEST_CASE(a_wait_is_cancelled_from_any_thread)
{
    asio::io_context ctx;
    auto waiting = asio::make_strand(ctx);
    system_time_source time(ctx.get_executor());
    int ended = 0;
    asio::post(waiting, [&] {
        for (int i = 0; i < 500; ++i) {
            const auto stop = std::make_shared<asio::cancellation_signal>();
            const auto done = [&, stop](error_code) { ++ended; };
            auto bound =
                asio::bind_executor(waiting, asio::bind_cancellation_slot(stop->slot(), done));
            if (i % 2 == 0)
                time.async_wait_for(i * 10us, std::move(bound));
            else
                time.async_wait_until(time.now() + i * 10us, std::move(bound));
            asio::post(waiting, [stop] { stop->emit(asio::cancellation_type::terminal); });
        }
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { ctx.run(); });
    for (std::thread& t : threads) t.join();
    BOOST_TEST(ended == 500);
}

BOOST_AUTO_TEST_SUITE_END()
