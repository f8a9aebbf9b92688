#include "runner/core/lifecycle.hpp"

#include "print.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;

namespace lifecycles {

/** A lifecycle whose owner notes what it is called for, and operations that note how they ended. */
struct one_life {
    asio::io_context ctx;
    std::shared_ptr<int> owner = std::make_shared<int>();
    std::vector<bool> cancelled; // whether the runs, too
    std::vector<error_code> ended;
    asio::cancellation_signal signal;
    lifecycle life{ctx.get_executor()};

    one_life()
    {
        life.serve(owner, [this](bool and_runs) { cancelled.push_back(and_runs); });
    }

    auto note()
    {
        return [this](error_code ec) { ended.push_back(ec); };
    }

    auto note_with_signal() { return asio::bind_cancellation_slot(signal.slot(), note()); }

    void poll()
    {
        ctx.restart();
        ctx.poll();
    }

    void stop()
    {
        life.begin_stop();
        life.stopped();
    }
};

} // namespace lifecycles

BOOST_FIXTURE_TEST_SUITE(lifecycles, one_life)

BOOST_AUTO_TEST_CASE(it_goes_from_rest_to_its_end_and_begins_again)
{
    BOOST_TEST(!life.is_firing());
    BOOST_TEST(!life.is_draining()); // runs by hand are taken
    for (int round = 0; round < 2; ++round) {
        BOOST_TEST(life.run(note()));
        BOOST_TEST(life.is_loading());
        BOOST_TEST(!life.is_firing());
        life.loaded();
        BOOST_TEST(life.is_firing());
        life.begin_stop();
        BOOST_TEST(life.is_firing()); // what is due is settled first
        BOOST_TEST(!life.begins_what_waits());
        life.stopped();
        BOOST_TEST(!life.is_firing());
        BOOST_TEST(life.is_draining());
        BOOST_TEST(life.is_running());
        life.finish();
        BOOST_TEST(!life.is_running());
        BOOST_TEST(life.is_draining()); // until it begins again
    }
    poll();
    BOOST_TEST(ended == (std::vector<error_code>{{}, {}}));
}

BOOST_AUTO_TEST_CASE(only_one_operation_runs_at_a_time)
{
    BOOST_TEST(life.run(note()));
    BOOST_TEST(!life.run(note()));
    poll();
    BOOST_TEST(ended == std::vector{make_error_code(errc::already_running)});
}

BOOST_AUTO_TEST_CASE(a_drain_that_waits_keeps_a_run_from_beginning)
{
    life.add_drain(note());
    stop();
    BOOST_TEST(!life.run(note()));
    life.finish();
    BOOST_TEST(life.run(note()));
}

BOOST_AUTO_TEST_CASE(all_that_wait_are_told_of_the_end)
{
    life.run(note());
    life.fail(errc::store_stalled);
    life.add_drain(note());
    life.add_drain(note());
    stop();
    poll();
    BOOST_TEST(ended.empty());
    life.finish();
    poll();
    BOOST_TEST(ended == (std::vector<error_code>{{}, {}, errc::store_stalled}));
}

BOOST_AUTO_TEST_CASE(a_milder_cancellation_of_a_run_leaves_the_runs_alone)
{
    life.run(note_with_signal());
    signal.emit(asio::cancellation_type::total);
    signal.emit(asio::cancellation_type::terminal);
    BOOST_TEST(cancelled == (std::vector{false, true}));
    stop();
    life.finish();
    poll();
    BOOST_TEST(ended == std::vector<error_code>{asio::error::operation_aborted});
}

BOOST_AUTO_TEST_CASE(any_cancellation_of_a_drain_cancels_the_runs)
{
    life.add_drain(note_with_signal());
    signal.emit(asio::cancellation_type::total);
    BOOST_TEST(cancelled == std::vector{true});
}

BOOST_AUTO_TEST_CASE(a_cancellation_after_the_owners_end_does_nothing)
{
    life.run(note_with_signal());
    owner.reset();
    signal.emit(asio::cancellation_type::terminal);
    BOOST_TEST(cancelled.empty());
}

BOOST_AUTO_TEST_CASE(runs_are_cancelled_until_the_end)
{
    life.run(note());
    life.loaded();
    stop();
    life.cancel();
    life.cancel();
    BOOST_TEST(life.is_cancelling());
    life.stopped(); // of a stop that a listener was called in
    BOOST_TEST(life.is_cancelling());
    life.finish();
    BOOST_TEST(!life.is_cancelling());
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_runner_that_is_gone_is_told_that_it_was_cancelled)
{
    life.run(note());
    life.add_drain(note());
    life.abandon();
    stop();
    life.finish();
    poll();
    BOOST_TEST(
        ended ==
        (std::vector<error_code>{asio::error::operation_aborted, asio::error::operation_aborted}));
    BOOST_TEST(life.is_abandoned());
}

BOOST_AUTO_TEST_SUITE_END()
