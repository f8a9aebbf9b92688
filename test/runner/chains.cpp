#include "runner/core/chains.hpp"

#include "print.hpp"
#include "runner/parts.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace chains_of_runs {

/** Chains of one job each, whose runs are offered and claimed by the test. */
struct chains_alone : run_parts {
    strings turns_over;
    strings resumed;

    chains_alone()
    {
        runs.serve(
            {.resume = [this](const auto& open) { resumed.push_back(open->run.chain); },
             .on_turn_over = [this](const std::string& chain) { turns_over.push_back(chain); }});
        reply_takes = 10s;
    }

    void begin(overlap_policy overlap = overlap_policy::queue)
    {
        job a = make("a", schedule{.every = 60s});
        a.overlap = overlap;
        start({a, make("b", schedule{.every = 60s})});
        answer_all();
        noted();
    }

    /** A run that was offered, and whose claim was won. */
    queued_run offer(std::string name, int second, bool caught_up = false)
    {
        auto& slots = runs.slots_of(name);
        const job_index j = index_of(name);
        const instant at = t0 + second * 1s;
        return {
            plan.jobs(),
            {.due =
                 {.job = j,
                  .scheduled_at = at,
                  .occurrence = at,
                  .due = at,
                  .caught_up = caught_up},
             .how = caught_up ? slots.offer_catch_up() : slots.offer((*plan.jobs())[j].overlap),
             .id = id_of(second),
             .fence = ++store.fence,
             .has_turn = caught_up,
             .has_claim = true}};
    }

    static run_id id_of(int second) { return {{static_cast<std::uint8_t>(second)}}; }

    void enter(std::string name, int second, bool caught_up = false)
    {
        runs.enter(offer(std::move(name), second, caught_up));
        poll();
    }

    /** Ends what is running, and has its end stored. */
    void end()
    {
        run_for(10s);
        answer_all();
    }
};

} // namespace chains_of_runs

BOOST_FIXTURE_TEST_SUITE(chains_of_runs, chains_alone)

BOOST_AUTO_TEST_CASE(a_run_starts_and_its_end_is_written_down)
{
    begin();
    enter("a", 60);
    BOOST_TEST(runs.running() == 1U);
    BOOST_TEST(runs.is_busy("a"));
    BOOST_TEST(!runs.is_busy("b"));
    run_for(10s);
    BOOST_TEST(
        noted() == (strings{"started a@60", "ended a@60 completed", "record a@60 completed"}),
        per_element());
    BOOST_TEST(runs.running() == 0U);
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(what_waits_begins_when_the_end_before_it_is_stored)
{
    begin();
    enter("a", 60);
    enter("a", 120);
    run_for(10s);
    BOOST_TEST(
        noted() == (strings{"started a@60", "ended a@60 completed", "record a@60 completed"}));
    answer_end();
    BOOST_TEST(noted() == strings{"started a@120"});
}

BOOST_AUTO_TEST_CASE(the_newest_that_waits_has_the_place)
{
    begin();
    for (const int second : {60, 120, 180}) enter("a", second);
    answer_all();
    end();
    BOOST_TEST(
        noted() == (strings{
                       "started a@60", "record a@120 skipped overlap", "skipped a@120 overlap",
                       "ended a@60 completed", "record a@60 completed", "started a@180"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(three_that_were_skipped_in_a_row_are_an_alarm)
{
    begin();
    for (const int second : {60, 120, 130, 140, 150}) enter("a", second);
    const strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "persists 3") == 1);
}

BOOST_AUTO_TEST_CASE(what_replaces_cancels_what_is_running)
{
    begin(overlap_policy::replace);
    enter("a", 60);
    enter("a", 120);
    answer_all();
    BOOST_TEST(
        noted() == (strings{
                       "started a@60", "ended a@60 cancelled overlap",
                       "record a@60 cancelled overlap", "started a@120"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(side_by_side_they_all_run)
{
    begin(overlap_policy::allow);
    enter("a", 60);
    enter("a", 120);
    BOOST_TEST(runs.running() == 2U);
}

BOOST_AUTO_TEST_CASE(a_turn_is_over_when_its_run_has_ended)
{
    begin();
    enter("a", 60, true);
    BOOST_TEST(runs.has_turn("a"));
    BOOST_TEST(turns_over.empty());
    end();
    BOOST_TEST(turns_over == strings{"a"});
    BOOST_TEST(!runs.has_turn("a"));
}

BOOST_AUTO_TEST_CASE(a_run_is_written_down_before_its_turn_is_over)
{
    runs.serve(
        {.resume = [](const auto&) {},
         .on_turn_over = [this](const std::string&) { log.emplace_back("turn over"); }});
    begin();
    enter("a", 60, true);
    noted();
    run_for(10s);
    BOOST_TEST(
        noted() == (strings{"ended a@60 completed", "record a@60 completed", "turn over"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(what_is_released_gives_its_place_and_its_turn_back)
{
    begin();
    const queued_run first = offer("a", 60, true);
    const queued_run second = offer("a", 120);
    runs.release(first);
    BOOST_TEST(turns_over == strings{"a"});
    BOOST_TEST(runs.is_busy("a"));
    runs.release(second);
    BOOST_TEST(!runs.is_busy("a"));
    BOOST_TEST(noted().empty());
}

BOOST_AUTO_TEST_CASE(a_fence_is_never_smaller_than_that_of_a_run_before)
{
    begin(overlap_policy::allow);
    const queued_run older = offer("a", 60);
    const queued_run newer = offer("a", 120);
    std::vector<std::int64_t> fences;
    shared->listeners->add([&](const event& e) {
        if (const auto* s = std::get_if<run_started>(&e)) fences.push_back(s->run.fence);
    });
    runs.saw_fence(newer.run.fence);
    runs.enter(newer);
    runs.enter(older);
    poll();
    BOOST_REQUIRE_EQUAL(fences.size(), 2U);
    BOOST_TEST(fences[0] == newer.run.fence);
    BOOST_TEST(fences[1] > fences[0]);
}

BOOST_AUTO_TEST_CASE(a_run_is_cancelled_by_its_id_where_it_runs_or_waits)
{
    begin();
    enter("a", 60);
    enter("a", 120);
    noted();
    BOOST_TEST(!runs.cancel(id_of(1)));
    BOOST_TEST(runs.cancel(id_of(120)));
    BOOST_TEST(runs.cancel(id_of(60)));
    poll();
    BOOST_TEST(!runs.cancel(id_of(60))); // it has ended
    answer_all();
    strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "ended a@120 cancelled") == 1);
    BOOST_TEST(std::count(all.begin(), all.end(), "ended a@60 cancelled") == 1);
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(a_stop_leaves_what_waits_to_the_next_start)
{
    begin();
    enter("a", 60);
    enter("a", 120);
    noted();
    stop_firing();
    runs.stop();
    answer_all();
    BOOST_TEST(noted() == strings{"return a@120 unbegun"});
    end();
    BOOST_TEST(noted() == (strings{"ended a@60 completed", "record a@60 completed"}));
}

BOOST_AUTO_TEST_CASE(a_stop_skips_what_waits_where_nothing_outlives_the_process)
{
    store.outlives_the_process = false;
    begin();
    enter("a", 60);
    enter("a", 120);
    noted();
    stop_firing();
    runs.stop();
    BOOST_TEST(noted() == (strings{"record a@120 skipped shutdown", "skipped a@120 shutdown"}));
}

BOOST_AUTO_TEST_CASE(what_is_claimed_during_a_stop_does_not_begin)
{
    begin();
    const queued_run run = offer("a", 60);
    stop_firing();
    runs.enter(run);
    answer_all();
    BOOST_TEST(noted() == strings{"return a@60 unbegun"});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(without_a_claim_there_is_nothing_to_leave)
{
    begin();
    queued_run run = offer("a", 60);
    run.run.has_claim = false;
    stop_firing();
    runs.enter(run);
    BOOST_TEST(noted() == (strings{"record a@60 skipped shutdown", "skipped a@60 shutdown"}));
}

BOOST_AUTO_TEST_CASE(a_cancelling_stop_ends_all_that_runs)
{
    begin();
    enter("a", 60);
    enter("b", 60);
    noted();
    stop_firing();
    runs.stop();
    cancel_runs();
    answer_all();
    strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "ended a@60 cancelled shutdown") == 1);
    BOOST_TEST(std::count(all.begin(), all.end(), "ended b@60 cancelled shutdown") == 1);
    BOOST_TEST(runs.running() == 0U);
}

BOOST_AUTO_TEST_CASE(what_crashed_and_waits_resumes_at_an_end)
{
    begin();
    enter("a", 60);
    const auto open = std::make_shared<open_run>();
    open->run.chain = "a";
    runs.slots_of("a").offer_crashed_waiting();
    BOOST_TEST(!runs.slots_of("a").settle_crashed(open));
    end();
    BOOST_TEST(resumed == strings{"a"});
}

BOOST_AUTO_TEST_CASE(a_listener_may_cancel_all_while_it_is_told_of_a_run)
{
    begin();
    enter("b", 60);
    shared->listeners->add([&](const event& e) {
        if (std::holds_alternative<run_started>(e)) runs.cancel_all();
    });
    enter("a", 60);
    answer_all();
    BOOST_TEST(runs.running() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
