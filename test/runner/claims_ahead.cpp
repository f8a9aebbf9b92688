// Claims that are asked for before their instant, so that the store's time does not delay it.

#include "print.hpp"
#include "runner/machine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace claims_ahead {

using strings = std::vector<std::string>;
using operation = faulty_store::operation;

/** A machine whose store takes its time with a claim, and is asked before the instant. */
struct machine_that_claims_ahead : machine {
    machine_that_claims_ahead()
    {
        lead = 5ms;
        choose = [this](operation what) -> faulty_store::fault {
            if (what != operation::claim) return {};
            asked.push_back(time.now() - monday);
            return {.delay = delay, .ec = refused};
        };
    }

    void begin(job j)
    {
        start({std::move(j)});
        daemon->on_event([this](const event& e) {
            if (std::holds_alternative<run_skipped>(e)) ++skipped;
        });
        asked.clear(); // what was said of a job that is seen for the first time
    }

    void reload(job j) { daemon->set_jobs(job_set::create({std::move(j)}).value()); }

    void reply_after(microseconds span)
    {
        answer = [span](const http::request&) { return http::reply_with(200, "{}", span); };
    }

    microseconds delay = 3ms;
    error_code refused{};
    std::vector<microseconds> asked;
    int skipped = 0;
};

using spans = std::vector<microseconds>;

const job each_minute = make("a", schedule{.every = 1min});

} // namespace claims_ahead

BOOST_FIXTURE_TEST_SUITE(claims_ahead, machine_that_claims_ahead)

BOOST_AUTO_TEST_CASE(what_the_store_takes_delays_nothing)
{
    begin(each_minute);
    run_for(2min + 1s);
    BOOST_TEST(asked == (spans{1min - 5ms, 2min - 5ms}), test::per_element());
    BOOST_TEST(times("a") == (spans{1min, 2min}), test::per_element());
    BOOST_TEST(store.runs("a").at(0).lateness.count() == 0);
    kill();
}

BOOST_AUTO_TEST_CASE(a_store_that_takes_longer_is_waited_for)
{
    delay = 40ms;
    begin(each_minute);
    run_for(1min + 1s);
    BOOST_TEST(times("a") == spans{1min + 35ms}, test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(a_claim_that_is_refused_is_no_run)
{
    refused = asio::error::no_buffer_space;
    begin(each_minute);
    run_for(2min + 2s);
    BOOST_TEST(requests.empty());
    BOOST_REQUIRE_EQUAL(missed.size(), 1U);
    BOOST_TEST(missed[0] == (missed_record{"a", monday + 1min, monday + 1min, 1, reason::store}));
    kill();
}

BOOST_AUTO_TEST_CASE(whether_a_run_overlaps_is_seen_at_its_instant)
{
    reply_after(1min - 4ms); // ends between the claim's time and the instant
    begin(each_minute);
    run_for(3min + 1s);
    BOOST_TEST(times("a") == (spans{1min, 2min + 3ms, 3min + 3ms}), test::per_element());
    BOOST_TEST(skipped == 0);
    kill();
}

BOOST_AUTO_TEST_CASE(a_run_that_still_goes_at_the_instant_overlaps)
{
    reply_after(1min + 2ms);
    begin(each_minute);
    run_for(3min + 1s);
    BOOST_TEST(times("a") == (spans{1min, 3min}), test::per_element());
    BOOST_TEST(skipped == 1);
    kill();
}

BOOST_AUTO_TEST_CASE(a_crash_between_claim_and_instant_sends_it_once_and_not_before)
{
    begin(each_minute);
    run_for(1min - 1ms);
    BOOST_TEST(asked == spans{1min - 5ms}, test::per_element());
    kill();
    delay = 0ms;
    start({each_minute});
    run_for(1min);
    BOOST_TEST(times("a") == spans{1min}, test::per_element());
    BOOST_TEST(store.runs("a").size() == 1U);
    BOOST_TEST(store.missed().empty());
    kill();
}

BOOST_AUTO_TEST_CASE(a_stop_gives_back_what_is_claimed)
{
    for (const microseconds before : {1ms, 4ms}) { // answered, and under way to the store
        begin(each_minute);
        const auto from = time.now() - monday;
        const auto due = std::chrono::ceil<std::chrono::minutes>(from + 1s);
        const auto sent = requests.size();
        run_for(due - from - before);
        BOOST_TEST(asked.size() == 1U);
        bool is_over = false;
        daemon->async_drain([&](error_code) { is_over = true; });
        run_for(20ms);
        BOOST_TEST(is_over);
        BOOST_TEST(requests.size() == sent);
        kill();
        start({each_minute});
        run_for(1s);
        BOOST_REQUIRE_EQUAL(requests.size(), sent + 1);
        BOOST_TEST(
            field(requests.back().request, "Carillon-Scheduled-At") == format_utc(monday + due));
        BOOST_TEST(field(requests.back().request, "Carillon-Attempt") == "1");
        kill();
    }
    BOOST_TEST(store.missed().empty());
}

BOOST_AUTO_TEST_CASE(what_is_taken_out_is_not_sent)
{
    for (const microseconds before : {1ms, 4ms}) {
        for (const bool is_paused : {true, false}) {
            begin(each_minute);
            const auto from = time.now() - monday;
            const auto sent = requests.size();
            run_for(std::chrono::ceil<std::chrono::minutes>(from + 1s) - from - before);
            if (is_paused)
                BOOST_TEST(!daemon->pause("a").has_error());
            else
                reload(make("other", schedule{.every = 1h}));
            run_for(30s);
            BOOST_TEST(requests.size() == sent);
            BOOST_TEST(daemon->running() == 0U);
            if (is_paused) BOOST_TEST(!daemon->resume("a").has_error());
            run_for(1s);
            kill();
        }
    }
    BOOST_TEST(store.missed().empty());
    const auto other = store.connect();
    other->async_load([](error_code, const recollection& r) { BOOST_TEST(r.crashed.empty()); });
    run_for(0s);
}

BOOST_AUTO_TEST_CASE(a_run_by_hand_in_between_is_overlapped)
{
    reply_after(10s);
    begin(each_minute);
    run_for(1min - 1ms);
    daemon->async_trigger("a", asio::detached);
    run_for(30s);
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(skipped == 1);
    kill();
}

BOOST_AUTO_TEST_CASE(after_a_sleep_in_between_catch_up_says_what_is_sent)
{
    job none = each_minute;
    std::get<schedule>(none.trigger).every = 1h;
    std::get<schedule>(none.trigger).catch_up = catch_up_policy::none;
    begin(none);
    run_for(1h - 1ms);
    time.advance_to(time.now() + 8h + 30min); // nothing runs meanwhile
    run_for(1s);
    BOOST_TEST(requests.empty());
    BOOST_REQUIRE_EQUAL(store.missed().size(), 1U);
    BOOST_TEST(store.missed()[0].count == 9);
    kill();
    job once = none;
    std::get<schedule>(once.trigger).catch_up = catch_up_policy::once;
    start({once});
    run_for(30min - 1s - 1ms);
    time.advance_to(time.now() + 8h + 30min); // nothing runs meanwhile
    run_for(1s);
    BOOST_TEST(requests.size() == 1U); // one for all that passed
    kill();
}

BOOST_AUTO_TEST_CASE(what_is_claimed_is_not_due_once_more)
{
    job other = each_minute;
    other.trigger = schedule{.every = 30s};
    for (const auto policy : {overlap_policy::skip, overlap_policy::allow, overlap_policy::queue}) {
        job first = each_minute;
        first.overlap = other.overlap = policy;
        begin(first);
        const auto from = time.now() - monday;
        run_for(std::chrono::ceil<std::chrono::minutes>(from + 1s) - from - 1ms);
        // Both look for an instant from now on.
        BOOST_TEST(!daemon->pause("a").has_error());
        BOOST_TEST(!daemon->resume("a").has_error());
        reload(other);
        const auto before = requests.size();
        run_for(10s);
        BOOST_TEST(requests.size() == before + 1);
        BOOST_TEST(skipped == 0);
        kill();
    }
}

BOOST_AUTO_TEST_CASE(after_a_clock_that_is_set_back_meanwhile_its_chain_goes_on)
{
    delay = 0ms;
    begin(each_minute);
    run_for(1min - 1ms);
    time.step(-10min);
    run_for(9min);
    BOOST_TEST(instants("a").size() == 9U); // 23:51 to 23:59
    kill();                                 // and nothing is left that would go twice
    start({each_minute});
    run_for(3min);
    BOOST_TEST(
        times("a") ==
            (spans{
                -9min, -8min, -7min, -6min, -5min, -4min, -3min, -2min, -1min, 0min, 1min, 2min}),
        test::per_element());
    BOOST_TEST(
        field(requests.at(10).request, "Carillon-Scheduled-At") == format_utc(monday + 1min));
    BOOST_TEST(field(requests.at(10).request, "Carillon-Attempt") == "1");
    BOOST_TEST(skipped == 0);
    kill();
}

BOOST_AUTO_TEST_CASE(a_claim_that_is_answered_after_a_stop_is_left_to_the_next_start)
{
    delay = 20ms;
    begin(each_minute);
    run_for(1min + 5ms); // due, and its claim is not answered
    bool is_drained = false;
    daemon->async_drain([&](error_code) { is_drained = true; });
    time.step(-10min); // its instant is to come once more
    run_for(5ms);
    BOOST_TEST(!is_drained);
    run_for(1s);
    BOOST_TEST(is_drained);
    run_for(1h);
    BOOST_TEST(requests.empty());
    const auto open = store.runs("a");
    BOOST_TEST(open.empty());
    kill();
    start({each_minute});
    run_for(1s);
    BOOST_TEST(instants("a") == strings{"00:01:00"}, test::per_element());
    kill();
}

BOOST_AUTO_TEST_CASE(elapsed_time_passes_whatever_the_clock_is_set_to)
{
    begin(make("a", schedule{.every = 1min, .on_start = 1min}));
    run_for(1min - 1ms);
    time.step(-1h);
    run_for(2s);
    BOOST_TEST(requests.size() == 1U);
    kill();
}

BOOST_AUTO_TEST_CASE(a_claim_whose_name_is_taken_waits_for_the_instant_as_well)
{
    delay = 1ms;
    begin(each_minute);
    run_for(1min + 1s);
    time.step(-1min); // and 00:01:00 comes again
    run_for(1min);
    BOOST_REQUIRE_EQUAL(requests.size(), 2U);
    BOOST_TEST(requests[1].at == monday + 1min);
    kill();
}

BOOST_AUTO_TEST_SUITE_END()
