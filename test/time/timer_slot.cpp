#include "time/timer_slot.hpp"

#include "print.hpp"
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace timer_slots {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/** A slot, and what its waits have told. */
struct one_slot {
    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0};
    std::optional<timer_slot> slot{std::in_place, time};
    std::vector<int> told;

    auto note(int n)
    {
        return [this, n](const error_code& ec) { told.push_back(ec ? -n : n); };
    }
};

} // namespace timer_slots

BOOST_FIXTURE_TEST_SUITE(timer_slots, one_slot)

BOOST_AUTO_TEST_CASE(a_wait_is_told_once)
{
    slot->wait_until(t0 + 1s, note(1));
    BOOST_TEST(slot->is_waiting());
    time.run_until(ctx, t0 + 1h);
    BOOST_TEST(told == std::vector{1});
    BOOST_TEST(!slot->is_waiting());
}

BOOST_AUTO_TEST_CASE(a_step_of_the_clock_is_told_as_an_error)
{
    slot->wait_until(t0 + 1s, note(1));
    time.step(-1h);
    ctx.poll();
    BOOST_TEST(told == std::vector{-1});
}

BOOST_AUTO_TEST_CASE(a_wait_that_is_called_off_is_not_told)
{
    slot->wait_for(1s, note(1));
    slot->cancel();
    BOOST_TEST(!slot->is_waiting());
    time.run_until(ctx, t0 + 1h);
    BOOST_TEST(told.empty());
    BOOST_TEST(!time.next_wait());
}

BOOST_AUTO_TEST_CASE(a_wait_whose_time_has_come_can_still_be_called_off)
{
    slot->wait_for(1s, note(1));
    time.advance_to(t0 + 1s); // its handler is on its way
    slot->cancel();
    ctx.poll();
    BOOST_TEST(told.empty());
}

BOOST_AUTO_TEST_CASE(another_wait_takes_the_place_of_the_one_before)
{
    slot->wait_for(1s, note(1));
    time.advance_to(t0 + 1s);
    slot->wait_for(2s, note(2));
    time.run_until(ctx, t0 + 1h);
    BOOST_TEST(told == std::vector{2});
}

BOOST_AUTO_TEST_CASE(whoever_is_told_may_wait_again_or_destroy_the_slot)
{
    slot->wait_for(1s, [&](const error_code&) {
        slot->wait_for(1s, [&](const error_code&) {
            note(2)({});
            slot.reset();
        });
    });
    time.run_until(ctx, t0 + 1h);
    BOOST_TEST(told == std::vector{2});
}

BOOST_AUTO_TEST_CASE(a_slot_that_is_destroyed_tells_nothing)
{
    slot->wait_for(1s, note(1));
    slot.reset();
    time.run_until(ctx, t0 + 1h);
    BOOST_TEST(told.empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_the_time_source_is_not_told)
{
    std::optional<virtual_time> other(std::in_place, ctx.get_executor(), t0);
    timer_slot s(*other);
    s.wait_for(1s, note(1));
    other.reset();
    ctx.poll();
    BOOST_TEST(told.empty());
}

BOOST_AUTO_TEST_SUITE_END()
