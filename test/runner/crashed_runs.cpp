#include "runner/core/crashed_runs.hpp"

#include "print.hpp"
#include "runner/parts.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace runs_that_crashed {

/** A runner's part that resumes what an earlier process has left open. */
struct crashed_alone : run_parts {
    crashed_runs crashed{shared, journal, life, plan, runs, work};

    crashed_alone()
    {
        runs.serve(
            {.resume = [this](const auto& open) { crashed.resume(open); },
             .on_turn_over = [](const std::string&) {}});
        reply_takes = 10s;
        run_for(10min);
    }

    ~crashed_alone() { end_all(); }

    void begin(overlap_policy overlap = overlap_policy::queue)
    {
        job a = make("a", schedule{.every = 60s});
        a.overlap = overlap;
        start({a});
        answer_all();
        noted();
    }

    /** One that was claimed for so many seconds after the start. */
    static open_run open(int second, bool may_have_begun = true)
    {
        open_run out{.run = {}, .due = t0 + second * 1s, .may_have_begun = may_have_begun};
        out.run.chain = "a";
        out.run.scheduled_at = t0 + second * 1s;
        out.run.started_at = out.due;
        return out;
    }

    static due_run due_at(int second)
    {
        const instant at = t0 + second * 1s;
        return {.job = 0, .scheduled_at = at, .occurrence = at, .due = at};
    }
};

} // namespace runs_that_crashed

BOOST_FIXTURE_TEST_SUITE(runs_that_crashed, crashed_alone)

BOOST_AUTO_TEST_CASE(what_crashed_is_claimed_before_it_resumes)
{
    begin();
    crashed.recover({open(540)});
    BOOST_TEST(noted() == strings{"recover a@540"});
    BOOST_TEST(runs.is_busy("a"));
    BOOST_TEST(runs.running() == 0U);
    answer();
    BOOST_TEST(noted() == strings{"started a@540"});
}

BOOST_AUTO_TEST_CASE(nothing_is_asked_where_nothing_crashed)
{
    begin();
    crashed.recover({});
    BOOST_TEST(noted().empty());
    BOOST_TEST(journal->is_idle());
}

BOOST_AUTO_TEST_CASE(of_a_chain_one_resumes_and_others_follow_in_their_order)
{
    begin();
    crashed.recover({open(420), open(480), open(540)});
    answer();
    BOOST_TEST(
        noted() == (strings{"recover a@420, recover a@480, recover a@540", "started a@420"}));
    for (int i = 0; i < 3; ++i) {
        run_for(10s);
        answer_all();
    }
    const strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "started a@480") == 1);
    BOOST_TEST(std::count(all.begin(), all.end(), "started a@540") == 1);
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(side_by_side_all_of_them_resume)
{
    begin(overlap_policy::allow);
    crashed.recover({open(480), open(540)});
    answer();
    BOOST_TEST(runs.running() == 2U);
}

BOOST_AUTO_TEST_CASE(the_newest_replaces_those_before_it)
{
    begin(overlap_policy::replace);
    crashed.recover({open(480), open(540)});
    answer();
    const strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "ended a@480 interrupted overlap") == 1);
    BOOST_TEST(std::count(all.begin(), all.end(), "started a@540") == 1);
}

BOOST_AUTO_TEST_CASE(what_another_process_resumes_is_left_to_it)
{
    begin();
    store.wins = [](const claim_request&) { return false; };
    crashed.recover({open(480), open(540)});
    answer();
    BOOST_TEST(noted() == strings{"recover a@480, recover a@540"});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_is_asked_again_each_second)
{
    begin();
    crashed.recover({open(540)});
    answer(disk_full);
    BOOST_TEST(!runs.is_busy("a"));
    noted();
    run_for(1s - 1us);
    BOOST_TEST(noted().empty());
    run_for(1us);
    BOOST_TEST(noted() == strings{"recover a@540"});
    answer();
    BOOST_TEST(runs.running() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stop_before_the_answer_leaves_it_to_the_next_start)
{
    begin();
    crashed.recover({open(480), open(540, false)});
    noted();
    stop_firing();
    crashed.stop();
    answer_all();
    BOOST_TEST(noted() == strings{"return a@480 begun, return a@540 unbegun"});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(a_stop_ends_the_wait_for_a_store_that_fails)
{
    begin();
    crashed.recover({open(540)});
    answer(disk_full);
    stop_firing();
    crashed.stop();
    noted();
    run_for(5s);
    const strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "recover a@540") == 0);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_gone_ends_its_run_as_interrupted)
{
    start({make("b", schedule{.every = 60s})});
    answer_all();
    noted();
    crashed.recover({open(540)});
    answer_all();
    BOOST_TEST(
        noted() == (strings{
                       "recover a@540", "record a@540 interrupted removed",
                       "ended a@540 interrupted removed"}),
        per_element());
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(what_has_not_begun_waits_for_its_instant)
{
    begin();
    crashed.recover({open(660, false)});
    answer();
    noted();
    BOOST_TEST(!runs.is_busy("a")); // others of the chain run meanwhile
    BOOST_TEST(crashed.is_awaited("a", due_at(660)));
    BOOST_TEST(!crashed.is_awaited("a", due_at(720)));
    BOOST_TEST(!crashed.is_awaited("b", due_at(660)));
    run_for(60s - 1us);
    BOOST_TEST(noted().empty());
    run_for(1us);
    BOOST_TEST(noted() == strings{"started a@660"});
    BOOST_TEST(!crashed.is_awaited("a", due_at(660)));
}

BOOST_AUTO_TEST_CASE(at_its_instant_it_waits_for_another_that_runs)
{
    begin();
    crashed.recover({open(660, false)});
    answer();
    run_for(55s);
    runs.slots_of("a").offer_by_hand();
    noted();
    run_for(30s);
    BOOST_TEST(noted().empty());
    runs.leave_slot("a");
    poll();
    BOOST_TEST(noted() == strings{"started a@660"});
}

BOOST_AUTO_TEST_CASE(a_job_that_was_paused_before_the_instant_does_not_run)
{
    begin();
    crashed.recover({open(660, false)});
    answer();
    plan.times().pause(0);
    noted();
    run_for(60s);
    BOOST_TEST(noted() == strings{"return a@660 withdrawn, remember a"});
    BOOST_TEST(!crashed.is_awaited("a", due_at(660)));
}

BOOST_AUTO_TEST_CASE(a_stop_before_the_instant_gives_it_back)
{
    begin();
    crashed.recover({open(660, false)});
    answer();
    noted();
    stop_firing();
    crashed.stop();
    answer_all();
    BOOST_TEST(noted() == strings{"return a@660 unbegun"});
    run_for(1h);
    BOOST_TEST(noted().empty());
}

BOOST_AUTO_TEST_CASE(what_has_not_begun_and_comes_too_late_is_skipped)
{
    job a = make("a", schedule{.every = 60s, .catch_up = catch_up_policy::none});
    start({a});
    answer_all();
    noted();
    crashed.recover({open(60, false)});
    answer_all();
    BOOST_TEST(
        noted() == (strings{"recover a@60", "record a@60 skipped window", "skipped a@60 window"}),
        per_element());
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_SUITE_END()
