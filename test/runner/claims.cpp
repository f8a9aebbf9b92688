#include "runner/core/claims.hpp"

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

namespace claims_of_instants {

/** Claims of jobs whose instants are due when the test says so. */
struct claims_alone : run_parts {
    claims due{shared, journal, life, plan, runs, work, on_store_error::stop};
    int arms = 0;
    bool awaited = false;

    claims_alone()
    {
        due.serve(
            {.arm = [this] { ++arms; },
             .look_for_step = [] {},
             .is_awaited = [this](const auto&, const due_run&) { return awaited; }});
        journal->serve(
            owner, {.recall = [this](const auto& names) { return plan.recall(names); },
                    .on_idle = [] {},
                    .on_still_failing = [this] { due.judge_held(); },
                    .is_needed = [] { return true; },
                    .on_recovered = [this] { due.release_held(); }});
    }

    ~claims_alone() { end_all(); }

    static job minutely(std::string name, catch_up_policy p = catch_up_policy::once)
    {
        job j = make(std::move(name), schedule{.every = 60s, .catch_up = p});
        j.timeout = 1h;
        return j;
    }

    /** Jobs whose first instants are at 60 s. */
    void begin(std::vector<job> jobs)
    {
        start(std::move(jobs));
        answer_all();
        noted();
    }

    void fire_at(microseconds since_start)
    {
        run_for(t0 + since_start - time.now());
        due.fire_due();
    }
};

} // namespace claims_of_instants

BOOST_FIXTURE_TEST_SUITE(claims_of_instants, claims_alone)

BOOST_AUTO_TEST_CASE(what_is_due_starts_when_its_claim_is_answered)
{
    begin({minutely("a"), minutely("b")});
    fire_at(60s);
    BOOST_TEST(noted() == strings{"claim a@60, claim b@60, remember a@120, remember b@120"});
    BOOST_TEST(runs.running() == 0U);
    answer();
    BOOST_TEST(noted().front() == "started a@60");
}

BOOST_AUTO_TEST_CASE(what_another_process_has_won_does_not_start)
{
    begin({minutely("a")});
    store.wins = [](const claim_request&) { return false; };
    fire_at(60s);
    answer();
    BOOST_TEST(noted() == strings{"claim a@60, remember a@120"});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(an_instant_that_a_clock_comes_to_again_is_claimed_by_another_name)
{
    const auto known = [](const claim_request& r) { return r.scheduled_at != t0 + 60s; };
    begin({make("a", schedule_from_cron("* * * * *").value())});
    fire_at(61s);
    answer_all();
    noted();
    store.wins = known;
    time.step(-30s);
    plan.step(-30s);
    answer_all();
    noted();
    fire_at(60s);
    answer_all();
    const strings all = noted();
    BOOST_TEST_REQUIRE(!all.empty());
    BOOST_TEST(all.front() == "claim a@60, remember a@120");
    BOOST_TEST(std::count(all.begin(), all.end(), "started a@60") == 1);
}

BOOST_AUTO_TEST_CASE(what_overlaps_is_skipped_in_the_commit_of_the_others)
{
    reply_takes = 1h;
    begin({minutely("a"), make("b", schedule{.every = 120s})});
    fire_at(60s);
    answer_all();
    noted();
    fire_at(120s);
    BOOST_TEST(
        noted() == (strings{
                       "claim b@120, miss a@120 1 overlap, remember a@180, remember b@240",
                       "skipped a@120 overlap"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(what_an_earlier_process_has_claimed_is_left_to_it)
{
    begin({minutely("a")});
    awaited = true;
    fire_at(60s);
    BOOST_TEST(noted() == strings{"remember a@120"});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(an_instant_whose_claim_has_failed_waits_for_the_store)
{
    begin({minutely("a")});
    fire_at(60s);
    noted();
    answer(disk_full);
    BOOST_TEST(!runs.is_busy("a"));
    due.fire_due();
    BOOST_TEST(noted() == (strings{"remember a@60", "store failed"}));
    run_for(1s); // the journal tries again
    answer_all();
    due.fire_due();
    answer_all();
    BOOST_TEST(runs.running() == 0U);
    const strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "ended a@60 completed") == 1);
}

BOOST_AUTO_TEST_CASE(only_what_may_be_sent_twice_runs_without_a_claim)
{
    job once = minutely("once");
    once.delivery = delivery_policy::at_most_once;
    job tail = make("tail", after{{"head", condition::succeeded}});
    tail.delivery = delivery_policy::at_most_once;
    begin({minutely("any"), once, minutely("head"), tail});
    const job_set& jobs = *plan.jobs();
    for (const auto& [name, may] :
         {std::pair("any", true), std::pair("once", false), std::pair("head", false)}) {
        due.set_on_store_error(on_store_error::stop);
        BOOST_TEST(!due.may_run_unclaimed(jobs, index_of(name)));
        due.set_on_store_error(on_store_error::proceed);
        BOOST_TEST(due.may_run_unclaimed(jobs, index_of(name)) == may, name);
    }
}

BOOST_AUTO_TEST_CASE(a_run_without_a_claim_starts_with_a_fence_of_its_own)
{
    begin({minutely("a")});
    due.set_on_store_error(on_store_error::proceed);
    fire_at(60s);
    noted();
    answer(disk_full);
    BOOST_TEST(
        noted() ==
            (strings{
                "started a@60", "store failed", "ended a@60 completed", "record a@60 completed"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(what_comes_too_late_from_its_claim_is_skipped)
{
    begin({minutely("a", catch_up_policy::none)});
    fire_at(60s);
    noted();
    run_for(5s); // within the patience that the store has
    time.step(1h);
    answer();
    BOOST_TEST(noted() == (strings{"record a@60 skipped window", "skipped a@60 window"}));
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(many_runs_start_in_slices)
{
    reply_takes = 1h;
    std::vector<job> jobs;
    for (int i = 0; i < 600; ++i) jobs.push_back(minutely("job" + std::to_string(i)));
    begin(std::move(jobs));
    fire_at(60s);
    poll();
    store.answer_batch();
    ctx.restart();
    while (runs.running() == 0) ctx.poll_one();
    BOOST_TEST(runs.running() == 64U);
    BOOST_TEST(!work.is_idle()); // the rest is under way
    poll();
    BOOST_TEST(runs.running() == 600U);
    BOOST_TEST(work.is_idle());
}

BOOST_AUTO_TEST_CASE(a_failed_claim_follows_its_job_into_other_jobs)
{
    begin({minutely("a"), minutely("b")});
    fire_at(60s);
    poll();
    set_jobs({minutely("new"), minutely("a"), make("b", schedule{.every = 70s})});
    noted();
    answer(disk_full);
    // `b` has other instants now.
    const strings told = noted();
    BOOST_TEST(std::count(told.begin(), told.end(), "missed b@60 1 removed") == 1);
    run_for(1s);
    answer_all();
    due.fire_due();
    answer_all();
    const strings all = noted();
    BOOST_TEST(std::count(all.begin(), all.end(), "ended a@60 completed") == 1);
}

BOOST_AUTO_TEST_CASE(what_is_due_at_the_end_is_skipped_where_nothing_outlives_it)
{
    begin({minutely("a")});
    run_for(60s);
    life.begin_stop();
    due.skip_due();
    BOOST_TEST(
        noted() == (strings{"miss a@60 1 shutdown, remember a@120", "skipped a@60 shutdown"}));
}

BOOST_AUTO_TEST_CASE(what_is_claimed_ahead_begins_at_its_instant)
{
    store.lead = 100ms;
    begin({minutely("a")});
    BOOST_TEST((due.claims_from({.at = t0 + 60s, .jobs = 1}) == t0 + 60s - 100ms));
    run_for(60s - 100ms);
    due.fire_ahead();
    answer();
    BOOST_TEST(noted() == strings{"claim a@60, remember a@120"});
    BOOST_TEST(runs.is_busy("a"));
    BOOST_TEST(runs.running() == 0U);
    run_for(100ms - 1us);
    BOOST_TEST(noted().empty());
    run_for(1us);
    BOOST_TEST(noted().front() == "started a@60");
}

BOOST_AUTO_TEST_CASE(what_is_claimed_ahead_can_be_taken_back)
{
    store.lead = 100ms;
    begin({minutely("a"), minutely("b")});
    run_for(60s - 50ms);
    due.fire_ahead();
    answer();
    noted();
    due.take_back_ahead("a");
    BOOST_TEST(noted() == strings{"return a@60 withdrawn, remember a@60"});
    BOOST_TEST(!runs.is_busy("a"));
    BOOST_TEST(runs.is_busy("b"));
    BOOST_TEST(arms == 1);
    answer_all();
    run_for(50ms);
    BOOST_TEST(noted().front() == "started b@60");
}

BOOST_AUTO_TEST_CASE(what_is_held_when_firing_stops_goes_back)
{
    store.lead = 100ms;
    begin({minutely("a")});
    run_for(60s - 50ms);
    due.fire_ahead();
    answer();
    noted();
    stop_firing();
    due.stop();
    answer_all();
    BOOST_TEST(noted() == strings{"return a@60 unbegun"});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_SUITE_END()
