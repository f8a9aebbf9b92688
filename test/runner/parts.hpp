#pragma once

#include "runner/asked_store.hpp"
#include "runner/core/chains.hpp"
#include "runner/core/journal.hpp"
#include "runner/core/lifecycle.hpp"
#include "runner/core/live_plan.hpp"
#include "runner/core/work_count.hpp"
#include "runner/make.hpp"
#include "runner/services/services.hpp"
#include <carillon/http/scripted_transport.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace carillon::test {

using strings = std::vector<std::string>;

inline constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};
inline const error_code disk_full = make_error_code(boost::system::errc::no_space_on_device);

/** `a@60`: an occurrence, by its seconds after @ref t0. */
inline std::string at_second(const std::string& chain, instant at)
{
    return chain + "@" + std::to_string((at - t0) / std::chrono::seconds{1});
}

/** What the parts of one runner share: a virtual clock, a scripted network, and a store that
 * answers when the test says so. What the store is asked for, and what listeners are told, is
 * noted in one list. */
struct shared_parts {
    boost::asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0};
    microseconds reply_takes{0};
    http::scripted_transport transport{
        ctx.get_executor(), time, [this](const auto&) { return reply(); }};
    asked_store store;
    std::shared_ptr<detail::bound_time> clock =
        std::make_shared<detail::bound_time>(ctx.get_executor(), time);
    std::shared_ptr<detail::services> shared = std::make_shared<detail::services>(detail::services{
        .executor = ctx.get_executor(),
        .clock = clock,
        .transport = transport,
        .timed = std::make_shared<detail::timed_store>(ctx.get_executor(), clock, store),
        .random = {}});
    std::shared_ptr<int> owner = std::make_shared<int>(); // what the parts keep alive
    std::shared_ptr<detail::journal> journal = std::make_shared<detail::journal>(shared);
    strings log;

    shared_parts();
    shared_parts(const shared_parts&) = delete;
    shared_parts& operator=(const shared_parts&) = delete;
    ~shared_parts();

    void run_for(microseconds span) { time.run_until(ctx, time.now() + span); }
    void poll() { run_for(microseconds{0}); }

    /** Answers the batch that the store was asked for first. */
    void answer(const error_code& ec = {})
    {
        poll();
        store.answer_batch(ec);
        poll();
    }

    void answer_end(const error_code& ec = {})
    {
        poll();
        store.answer_end(ec);
        poll();
    }

    /** The same of all that it is asked for, until it is asked for nothing more. */
    void answer_all(const error_code& ec = {});

    /** What has been noted since the last call. */
    strings noted() { return std::exchange(log, {}); }

private:
    http::scripted_reply reply() const { return http::reply_with(200, "{}", reply_takes); }
};

/** The parts that each run goes through, and their owner. */
struct run_parts : shared_parts {
    detail::lifecycle life{ctx.get_executor()};
    detail::work_count work;
    detail::live_plan plan{shared, journal};
    detail::chains runs{shared, journal, life, work};

    run_parts();
    ~run_parts() { end_all(); }

    /** Ends what is running and answers what was asked, since both refer to the parts. A fixture
     * with further parts calls it before these go. */
    void end_all();

    /** Schedules fire from now on. */
    void start(std::vector<job> jobs, std::vector<job_memory> memories = {});
    void stop_firing();
    void cancel_runs();

    void set_jobs(std::vector<job> jobs);

    /** A job of the plan. */
    job_index index_of(const std::string& name) const { return *plan.jobs()->find(name); }
};

} // namespace carillon::test
