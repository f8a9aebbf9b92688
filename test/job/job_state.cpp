#include <carillon/job/job_state.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace carillon;
using namespace std::chrono_literals;

namespace states_of_jobs {

const job_facts::end good{outcome::completed, "done"};
const job_facts::end bad{outcome::failed, "HTTP 503"};

std::string told(const job_facts& f)
{
    const explained_state c = explain_state(f);
    return std::string(to_string(c.state)) + ": " + c.why;
}

} // namespace states_of_jobs

BOOST_AUTO_TEST_SUITE(job_states)

using namespace states_of_jobs;

BOOST_AUTO_TEST_CASE(each_state_says_why)
{
    BOOST_TEST(told({.is_enabled = false}) == "disabled: the configuration switches it off");
    BOOST_TEST(told({.is_paused = true}) == "paused: its schedule is paused");
    BOOST_TEST(told({.last_end = bad}) == "failing: its last run ended as failed: HTTP 503");
    BOOST_TEST(
        told({.last_end = good, .instants = 7, .lost = 2, .why_lost = reason::overlap}) ==
        "losing: 2 of its last 7 instants got no run; the newest: the previous run was still "
        "running");
    BOOST_TEST(
        told({.last_end = good, .lateness = 125s}) == "late: its last run started 2min 5s late");
    BOOST_TEST(told({}) == "new: it has not run");
    BOOST_TEST(told({.last_end = good}) == "ok: its last run ended as completed: done");
    BOOST_TEST(told({.last_end = job_facts::end{}}) == "ok: its last run ended as completed");
}

BOOST_AUTO_TEST_CASE(the_first_that_fits_counts)
{
    job_facts f{
        .is_enabled = false,
        .is_paused = true,
        .last_end = bad,
        .instants = 10,
        .lost = 1,
        .why_lost = reason::window,
        .lateness = 1h};
    const auto state = [&] { return to_string(explain_state(f).state); };
    BOOST_TEST(state() == "disabled");
    f.is_enabled = true;
    BOOST_TEST(state() == "paused");
    f.is_paused = false;
    BOOST_TEST(state() == "failing");
    f.last_end.reset();
    BOOST_TEST(state() == "losing");
    f.lost = 0;
    BOOST_TEST(state() == "late");
    f.lateness = 0s;
    BOOST_TEST(state() == "new");
    f.last_end = good;
    BOOST_TEST(state() == "ok");
}

BOOST_AUTO_TEST_CASE(a_run_may_begin_its_accuracy_and_a_minute_late)
{
    job_facts f{.last_end = good, .lateness = 6min, .accuracy = 5min};
    BOOST_TEST((explain_state(f).state == job_state::ok));
    f.lateness += 1us;
    BOOST_TEST((explain_state(f).state == job_state::late));
}

BOOST_AUTO_TEST_CASE(whatever_did_not_complete_is_failing)
{
    for (const outcome o :
         {outcome::failed, outcome::timed_out, outcome::unreachable, outcome::rejected,
          outcome::cancelled, outcome::interrupted})
        BOOST_TEST(
            (explain_state({.last_end = job_facts::end{o, ""}}).state == job_state::failing),
            to_string(o));
}

BOOST_AUTO_TEST_SUITE_END()
