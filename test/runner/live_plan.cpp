#include "runner/core/live_plan.hpp"

#include "print.hpp"
#include "runner/parts.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace live_plans {

/** A plan whose store and listeners note what they are told, in one list. */
struct one_plan : run_parts {
    static job minutely(std::string name, catch_up_policy p = catch_up_policy::once)
    {
        return make(
            std::move(name), schedule{.at = {t0 + 60s, t0 + 120s, t0 + 180s}, .catch_up = p});
    }

    /** An hour passes, and what was due then is decided. */
    due_work pass()
    {
        run_for(1h);
        answer_all();
        noted();
        return plan.times().take_due(time.now(), [](job_index) { return false; });
    }
};

} // namespace live_plans

BOOST_FIXTURE_TEST_SUITE(live_plans, one_plan)

BOOST_AUTO_TEST_CASE(jobs_that_are_new_are_remembered_in_one_commit)
{
    start({minutely("a"), minutely("b"), make("by_hand")});
    BOOST_TEST(noted() == strings{"remember a@60, remember b@60"});
}

BOOST_AUTO_TEST_CASE(what_passed_is_written_down_before_anyone_is_told)
{
    start({minutely("a", catch_up_policy::none)});
    plan.settle(pass());
    BOOST_TEST(
        noted() == (strings{"miss a@60 3 window, remember a", "missed a@60 3 window"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(a_job_that_is_removed_is_forgotten_with_its_backlog)
{
    start({minutely("a", catch_up_policy::all)});
    plan.settle(pass());
    answer_all();
    noted();
    set_jobs({minutely("b")});
    BOOST_TEST(
        noted() ==
            (strings{"miss a@120 2 removed, remember b, forget a", "missed a@120 2 removed"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(what_new_jobs_do_not_catch_up_with_is_written_down_before_anyone_is_told)
{
    start({minutely("a", catch_up_policy::all)});
    plan.settle(pass());
    answer_all();
    noted();
    set_jobs({minutely("a", catch_up_policy::none)});
    answer_all();
    const strings all = noted();
    BOOST_REQUIRE_EQUAL(all.size(), 2U);
    BOOST_TEST(all[0].starts_with("miss a@120 2 "));
    BOOST_TEST(all[1].starts_with("missed a@120 2 "));
}

BOOST_AUTO_TEST_CASE(names_are_recalled_as_they_are_now)
{
    BOOST_TEST(plan.recall({"a"}).empty()); // nothing has been planned
    start({minutely("a"), make("by_hand")});
    const store_changes now = plan.recall({"a", "by_hand", "gone"});
    BOOST_TEST(now.memories == std::vector{plan.times().memory_of(index_of("a"))});
    BOOST_TEST(now.forgotten == (strings{"by_hand", "gone"}));
}

BOOST_AUTO_TEST_CASE(what_the_store_is_the_reason_for_names_its_error)
{
    error_code said;
    shared->listeners->add([&](const event& e) {
        if (const auto* m = std::get_if<runs_missed>(&e)) said = m->error;
    });
    start({minutely("a")});
    answer(disk_full);
    plan.tell_missed(
        *plan.jobs(), {{0, {.from = t0, .to = t0, .count = 1, .reason = reason::window}}});
    BOOST_TEST(said == error_code{});
    plan.tell_missed(
        *plan.jobs(), {{0, {.from = t0, .to = t0, .count = 1, .reason = reason::store}}});
    BOOST_TEST(said == disk_full);
}

BOOST_AUTO_TEST_CASE(ticks_count_from_the_first_start)
{
    run_for(30s);
    start({make("a", schedule{.every = 60s, .on_start = 10s})});
    BOOST_TEST(noted() == strings{"remember a@40"});
    run_for(1s);
    plan.start(); // a drain and another run of the same runner
    plan.clear();
    plan.assign();
    answer_all();
    BOOST_TEST(noted() == strings{"remember a@40"});
}

BOOST_AUTO_TEST_CASE(a_step_of_the_clock_moves_ticks_of_elapsed_time)
{
    start({minutely("a"), make("b", schedule{.every = 600s, .on_start = 600s})});
    answer_all();
    noted();
    time.step(30s);
    plan.step(30s);
    answer_all();
    BOOST_TEST(noted() == strings{"remember b@630"});
}

BOOST_AUTO_TEST_CASE(nothing_is_due_when_it_has_been_cleared)
{
    start({minutely("a")});
    plan.clear();
    BOOST_TEST(!plan.times().next_wake());
    BOOST_TEST(plan.jobs()->size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
