// Due, ended and missed instants while the store fails.

#include "print.hpp"
#include "runner/machine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace store_faults {

using strings = std::vector<std::string>;
using operation = faulty_store::operation;

/** A machine whose store refuses what it is to keep while its disk is full. */
struct machine_with_a_full_disk : machine {
    machine_with_a_full_disk()
    {
        choose = [this](operation what) -> faulty_store::fault {
            if (is_full && what != operation::load && what != operation::find)
                return {.ec = asio::error::no_buffer_space};
            return {};
        };
    }

    void begin(std::vector<job> jobs, on_store_error policy = on_store_error::stop)
    {
        start(std::move(jobs), {.seed = {}, .on_store_error = policy});
        daemon->on_event([this](const event& e) {
            if (std::holds_alternative<store_failed>(e)) told.push_back("failed");
            if (std::holds_alternative<store_recovered>(e)) told.push_back("recovered");
            if (std::holds_alternative<record_failed>(e)) told.push_back("lost");
            if (std::holds_alternative<progress_failed>(e)) told.push_back("progress");
            if (const auto* m = std::get_if<runs_missed>(&e))
                told.push_back(
                    std::string(to_string(m->reason)) + " " + format_utc(m->from).substr(11, 8));
        });
    }

    bool is_full = false;
    strings told;
};

job each_minute(std::string name) { return make(std::move(name), schedule{.every = 1min}); }

} // namespace store_faults

BOOST_FIXTURE_TEST_SUITE(store_faults, machine_with_a_full_disk)

BOOST_AUTO_TEST_CASE(firing_stops_and_resumes_by_itself)
{
    begin({each_minute("a")});
    run_for(1min + 30s);
    is_full = true;
    run_for(2min);
    BOOST_TEST(instants("a") == strings{"00:01:00"}, test::per_element());
    is_full = false;
    run_for(1min);
    // The newest could wait, with half a minute to spare.
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:03:00", "00:04:00"}), test::per_element());
    BOOST_TEST(told == (strings{"failed", "store 00:02:00", "recovered"}), test::per_element());
    // What could not be kept then is kept now.
    BOOST_REQUIRE_EQUAL(store.missed().size(), 1U);
    BOOST_TEST(
        store.missed().at(0) ==
        (missed_record{"a", monday + 2min, monday + 2min, 1, reason::store}));
    kill();
    start({each_minute("a")});
    run_for(10s);
    BOOST_TEST(instants("a").size() == 3U); // none of it is owed
    kill();
}

BOOST_AUTO_TEST_CASE(a_short_failure_costs_nothing_that_could_have_waited)
{
    job nightly = make("nightly", schedule{.every = 24h, .accuracy = 10min});
    begin({nightly});
    run_for(24h - 1s);
    is_full = true;
    run_for(8s);
    BOOST_TEST(requests.empty());
    is_full = false;
    run_for(2s);
    BOOST_TEST(instants("nightly") == strings{"00:00:00"}, test::per_element());
    BOOST_TEST(store.runs("nightly").at(0).trigger == run_trigger::schedule);
    BOOST_TEST(store.missed().empty());
    kill();
}

BOOST_AUTO_TEST_CASE(a_run_by_hand_that_was_refused_stops_no_schedule)
{
    begin({make("hourly", schedule{.every = 1h})});
    run_for(30min);
    is_full = true;
    daemon->async_trigger("hourly", asio::detached);
    run_for(0s);
    is_full = false;
    run_for(1h);
    BOOST_TEST(told == (strings{"failed", "recovered"}), test::per_element());
    BOOST_TEST(instants("hourly") == strings{"01:00:00"}, test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(a_run_by_hand_that_was_refused_before_the_store_was_read_stops_no_schedule)
{
    choose = [this](operation what) -> faulty_store::fault {
        if (what == operation::load) return {.delay = 5s};
        if (is_full && what == operation::claim) return {.ec = asio::error::no_buffer_space};
        return {};
    };
    is_full = true;
    begin({each_minute("a")});
    daemon->async_trigger("a", asio::detached);
    run_for(6s);
    is_full = false;
    run_for(2min);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:02:00"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(what_is_owed_waits_for_the_store)
{
    job a = make("a", schedule{.every = 1min, .catch_up = catch_up_policy::all});
    begin({a});
    run_for(30s);
    kill();
    run_for(32min);
    begin({a});
    run_for(1s); // some of them are sent
    is_full = true;
    run_for(8s);
    is_full = false;
    run_for(20s);
    BOOST_TEST(instants("a").size() == 32U);
    BOOST_TEST(store.missed().empty());
    kill();
}

BOOST_AUTO_TEST_CASE(a_store_that_hangs_counts_as_failed_and_nothing_piles_up)
{
    std::size_t asked = 0;
    bool hangs = false;
    choose = [&](operation what) -> faulty_store::fault {
        if (what == operation::claim) ++asked;
        return {.delay = hangs ? 20min : 0min};
    };
    begin({each_minute("a")});
    run_for(1min + 30s);
    hangs = true;
    asked = 0;
    run_for(5min);
    BOOST_TEST(asked == 1U);
    BOOST_TEST_REQUIRE(!told.empty());
    BOOST_TEST(told.front() == "failed");
    BOOST_TEST(std::count(told.begin(), told.end(), "store 00:02:00") == 1);
    // A stop does not wait for it.
    bool is_over = false;
    daemon->async_drain([&](error_code) { is_over = true; });
    run_for(15s);
    BOOST_TEST(is_over);
    kill();
    hangs = false;
    run_for(20min);
    begin({each_minute("a")});
    run_for(1s);
    const strings all = instants("a");
    BOOST_TEST(std::count(all.begin(), all.end(), "00:02:00") <= 1);
    kill();
}

BOOST_AUTO_TEST_CASE(a_late_answer_is_no_claim)
{
    bool hangs = false;
    choose = [&](operation what) -> faulty_store::fault {
        return {.delay = hangs && what == operation::claim ? 40s : 0s};
    };
    begin({each_minute("a")});
    run_for(1min + 30s);
    hangs = true;
    run_for(31s);
    hangs = false;
    run_for(1min);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:02:00", "00:03:00"}), test::per_element());
    BOOST_TEST(told == (strings{"failed", "recovered"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(firing_goes_on_where_it_is_told_to_but_not_at_most_once)
{
    job once = each_minute("once");
    once.delivery = delivery_policy::at_most_once;
    is_full = true;
    begin({each_minute("a"), once}, on_store_error::proceed);
    run_for(2min + 30s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:02:00"}), test::per_element());
    BOOST_TEST(instants("once").empty());
    const auto fence = [this](std::size_t i) {
        return std::stoll(field(requests.at(i).request, "Carillon-Fence"));
    };
    BOOST_TEST(fence(1) > fence(0));
    is_full = false;
    run_for(10s);
    BOOST_TEST(store.runs("a").size() == 2U); // recorded, after all
    kill();
}

BOOST_AUTO_TEST_CASE(a_store_has_no_time_while_the_machine_sleeps)
{
    bool is_slow = false;
    choose = [&](operation what) -> faulty_store::fault {
        return {.delay = is_slow && what == operation::claim ? 6s : 0s};
    };
    begin({each_minute("a")});
    is_slow = true;
    run_for(1min + 2s); // its claim is under way
    is_slow = false;
    time.advance_to(time.now() + 3s); // held up
    time.advance_to(time.now() + 20s);
    run_for(10s);
    BOOST_TEST(told == strings{}, per_element());
    BOOST_TEST(requests.size() == 1U);
    kill();
}

BOOST_AUTO_TEST_CASE(what_a_stalled_store_claims_too_late_follows_catch_up)
{
    bool hangs = true;
    choose = [&](operation what) -> faulty_store::fault {
        if (what != operation::claim || time.now() < monday + 1h) return {};
        return {.delay = std::exchange(hangs, false) ? 10min : 0min};
    };
    schedule hourly{.every = 1h};
    job none = make("none", hourly);
    std::get<schedule>(none.trigger).catch_up = catch_up_policy::none;
    job brief = make("brief", hourly);
    std::get<schedule>(brief.trigger).catch_up_window = 5min;
    start({none, make("once", hourly), brief});
    run_for(1h + 15min);
    BOOST_TEST(times("once") == std::vector<microseconds>{1h + 10min}, test::per_element());
    BOOST_TEST(store.runs("once").at(0).trigger == run_trigger::catch_up);
    BOOST_TEST(requests.size() == 1U);
    for (const auto& [name, why] :
         {std::pair("none", reason::store), std::pair("brief", reason::window)})
        BOOST_TEST(
            std::count(
                missed.begin(), missed.end(),
                missed_record{name, monday + 1h, monday + 1h, 1, why}) == 1);
    kill();
}

BOOST_AUTO_TEST_CASE(an_end_that_could_not_be_recorded_is_recorded_later)
{
    answer = [this](const http::request&) {
        is_full = true;
        return http::reply_with(200, "{}");
    };
    begin({each_minute("a")});
    run_for(1min + 10s);
    BOOST_TEST(store.runs("a").empty());
    is_full = false;
    run_for(10s);
    BOOST_TEST(store.runs("a").size() == 1U);
    BOOST_TEST(told == (strings{"failed", "recovered"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(after_a_drain_a_late_claim_asks_for_nothing_more)
{
    bool is_over = false;
    int asked = 0;
    choose = [&](operation what) -> faulty_store::fault {
        if (is_over) ++asked;
        return {.delay = what == operation::claim ? 40s : 0s};
    };
    begin({make("a", {})});
    daemon->async_trigger("a", asio::detached);
    run_for(11s);
    daemon->async_drain([&](error_code) { is_over = true; });
    run_for(1s);
    BOOST_TEST(is_over);
    run_for(1min);
    BOOST_TEST(asked == 0); // whoever was told of the end may have closed the store
    kill();
}

BOOST_AUTO_TEST_CASE(a_drain_tries_once_more_and_then_says_what_is_lost)
{
    answer = [this](const http::request&) {
        is_full = true;
        return http::reply_with(200, "{}");
    };
    begin({each_minute("a")});
    run_for(1min + 10s);
    bool is_over = false;
    daemon->async_drain([&](error_code) { is_over = true; });
    run_for(1s);
    BOOST_TEST(is_over);
    BOOST_TEST(told == (strings{"failed", "lost"}), test::per_element());
    kill();
    // Its claim is still open: it is sent once more.
    is_full = false;
    answer = [](const http::request&) { return http::reply_with(200, "{}"); };
    start({each_minute("a")});
    run_for(1s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:01:00"}), test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_at_most_once_before_that_is_known)
{
    job a = each_minute("a");
    job b = make("b", after{{"a", condition::succeeded}});
    b.delivery = delivery_policy::at_most_once;
    answer = [this](const http::request&) {
        is_full = true;
        return http::reply_with(200, "{}");
    };
    begin({a, b});
    run_for(1min + 1s);
    BOOST_TEST(instants("b").empty());
    is_full = false;
    run_for(10s);
    const run_record run = store.runs("a").at(0);
    BOOST_TEST(run.jobs.at(1).outcome == outcome::failed);
    BOOST_TEST(run.jobs.at(1).message == "not sent: the store could not be written");
    kill();
}

BOOST_AUTO_TEST_CASE(recovery_waits_for_the_store)
{
    answer = [](const http::request&) { return http::reply_with(200, "{}", 10s); };
    begin({each_minute("a")});
    run_for(1min + 5s);
    kill();
    is_full = true;
    begin({each_minute("a")});
    run_for(5s);
    BOOST_TEST(requests.size() == 1U);
    is_full = false;
    run_for(15s);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:01:00"}), test::per_element());
    BOOST_TEST(store.runs("a").at(0).outcome == outcome::completed);
    kill();
}

BOOST_AUTO_TEST_CASE(a_slow_store_delays_but_loses_nothing)
{
    choose = [](operation) { return faulty_store::fault{.delay = 7s}; };
    begin({each_minute("a"), each_minute("b")});
    run_for(5min);
    BOOST_TEST(instants("a").size() == 4U);
    BOOST_TEST(times("a").at(0) == 67s);
    bool is_over = false;
    daemon->async_drain([&](error_code) { is_over = true; });
    run_for(1min);
    BOOST_TEST(is_over);
    BOOST_TEST(store.runs("a").size() == 4U); // the fifth was asked for, and waits for a start
    kill();
    start({each_minute("a"), each_minute("b")});
    run_for(1min);
    BOOST_TEST(
        instants("a") == (strings{"00:01:00", "00:02:00", "00:03:00", "00:04:00", "00:05:00"}),
        test::per_element());
    kill();
}

BOOST_AUTO_TEST_SUITE_END()
