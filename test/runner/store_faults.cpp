// What becomes of what is due, done and missed while the store fails.

#include "print.hpp"
#include "runner/machine.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace store_faults {

using strings = std::vector<std::string>;
using operation = faulty_store::operation;

struct fixture : machine {
    fixture()
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

BOOST_FIXTURE_TEST_SUITE(store_faults, fixture)

BOOST_AUTO_TEST_CASE(firing_stops_and_resumes_by_itself)
{
    begin({each_minute("a")});
    run_for(1min + 30s);
    is_full = true;
    run_for(2min);
    BOOST_TEST(instants("a") == strings{"00:01:00"}, test::per_element());
    is_full = false;
    run_for(1min);
    BOOST_TEST(instants("a") == (strings{"00:01:00", "00:04:00"}), test::per_element());
    BOOST_TEST(
        told == (strings{"store 00:02:00", "failed", "store 00:03:00", "recovered"}),
        test::per_element());
    // What could not be kept then is kept now.
    BOOST_REQUIRE_EQUAL(store.missed().size(), 1U);
    BOOST_TEST(
        store.missed().at(0) ==
        (missed_record{"a", monday + 2min, monday + 3min, 2, reason::store}));
    kill();
    start({each_minute("a")});
    run_for(10s);
    BOOST_TEST(instants("a").size() == 2U); // none of it is owed
    kill();
}

BOOST_AUTO_TEST_CASE(firing_goes_on_where_it_is_told_to_but_not_at_most_once)
{
    job once = each_minute("once");
    once.delivery = delivery_policy::at_most_once;
    is_full = true;
    begin({each_minute("a"), once}, on_store_error::go_on);
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

BOOST_AUTO_TEST_CASE(what_a_stalled_store_claims_too_late_follows_catch_up)
{
    choose = [](operation what) -> faulty_store::fault {
        return {.delay = what == operation::claim ? 10min : 0min};
    };
    schedule hourly{.every = 1h};
    job none = make("none", hourly);
    std::get<schedule>(none.trigger).catch_up = catch_up_policy::none;
    job brief = make("brief", hourly);
    std::get<schedule>(brief.trigger).catch_up_window = 5min;
    int skipped = 0;
    start({none, make("once", hourly), brief});
    daemon->on_event([&](const event& e) {
        const auto* s = std::get_if<run_skipped>(&e);
        if (s != nullptr && s->reason == reason::window) ++skipped;
    });
    run_for(1h + 15min);
    BOOST_TEST(times("once") == std::vector<microseconds>{1h + 10min}, test::per_element());
    BOOST_TEST(store.runs("once").at(0).trigger == run_trigger::catch_up);
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(skipped == 2);
    for (const char* name : {"none", "brief"}) {
        BOOST_REQUIRE_EQUAL(store.runs(name).size(), 1U);
        BOOST_TEST(store.runs(name)[0].outcome == outcome::skipped);
        BOOST_TEST(store.runs(name)[0].reason == reason::window);
    }
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
