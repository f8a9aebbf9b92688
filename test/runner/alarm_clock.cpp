#include "runner/core/alarm_clock.hpp"

#include "print.hpp"
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace alarms {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/** Clocks that have, for a while, no timer for the wall clock. */
class scarce_timers final : public time_source {
public:
    scarce_timers(asio::any_io_executor ex, virtual_time& real)
        : executor_(std::move(ex)), real_(real)
    {}

    bool has_timers = true;

    executor_type get_executor() const noexcept override { return executor_; }
    instant now() const noexcept override { return real_.now(); }
    microseconds since_boot() const noexcept override { return real_.since_boot(); }
    boost::uuids::uuid boot_id() const noexcept override { return real_.boot_id(); }

private:
    void wait_until(instant t, handler_type handler) override
    {
        if (has_timers) return real_.async_wait_until(t, std::move(handler));
        const error_code ec = make_error_code(boost::system::errc::too_many_files_open);
        asio::post(executor_, asio::append(std::move(handler), ec));
    }

    void wait_for(microseconds span, handler_type handler) override
    {
        real_.async_wait_for(span, std::move(handler));
    }

    asio::any_io_executor executor_;
    virtual_time& real_;
};

/** An alarm, and the times at which it woke its owner. */
struct one_alarm {
    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0, 10min};
    scarce_timers timers{ctx.get_executor(), time};
    std::vector<microseconds> woken;
    std::optional<instant> again; // what is set when it has woken
    std::shared_ptr<int> owner = std::make_shared<int>();
    alarm_clock wakes{timers};

    one_alarm()
    {
        wakes.serve(owner, [this] {
            woken.push_back(time.now() - t0);
            if (again && *again > time.now()) wakes.set(again);
        });
    }

    void run_for(microseconds span) { time.run_until(ctx, time.now() + span); }
};

} // namespace alarms

BOOST_FIXTURE_TEST_SUITE(alarms, one_alarm)

BOOST_AUTO_TEST_CASE(it_wakes_at_the_last_instant_that_was_set)
{
    wakes.set(t0 + 1s);
    wakes.set(t0 + 3s);
    run_for(1h);
    BOOST_TEST(woken == std::vector<microseconds>{3s});
}

BOOST_AUTO_TEST_CASE(it_wakes_nobody_whose_owner_is_gone)
{
    wakes.set(t0 + 1s);
    owner.reset();
    run_for(1h);
    BOOST_TEST(woken.empty());
}

BOOST_AUTO_TEST_CASE(it_wakes_where_the_clock_is_set)
{
    wakes.begin();
    wakes.set({});
    run_for(1h);
    BOOST_TEST(woken.empty());
    time.step(2h);
    run_for(0s);
    BOOST_TEST(woken == std::vector<microseconds>{3h});
}

BOOST_AUTO_TEST_CASE(a_step_is_told_once_with_its_size)
{
    wakes.begin();
    BOOST_TEST(!wakes.take_step());
    time.step(-2h);
    BOOST_TEST((wakes.take_step() == microseconds{-2h}));
    BOOST_TEST(!wakes.take_step());
    time.step(999ms);
    BOOST_TEST(!wakes.take_step());
    time.step(1ms); // with the one before a whole second
    BOOST_TEST((wakes.take_step() == microseconds{1s}));
}

BOOST_AUTO_TEST_CASE(without_timers_it_looks_at_the_clock_each_second)
{
    timers.has_timers = false;
    again = t0 + 2500ms;
    wakes.set(again);
    run_for(1h);
    BOOST_TEST(woken == (std::vector<microseconds>{0s, 1s, 1s, 2s, 2s, 2500ms}));
}

BOOST_AUTO_TEST_CASE(it_returns_to_timers_when_there_are_some)
{
    timers.has_timers = false;
    again = t0 + 1h;
    wakes.set(again);
    run_for(500ms);
    timers.has_timers = true;
    run_for(1h);
    BOOST_TEST(woken == (std::vector<microseconds>{0s, 1s, 1h}));
}

BOOST_AUTO_TEST_SUITE_END()
