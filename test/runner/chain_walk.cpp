#include "runner/run/chain_walk.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::detail;

namespace chain_walks {

job first(std::string name, bool enabled = true)
{
    return {.name = std::move(name), .enabled = enabled, .url = "http://localhost/"};
}

job then(std::string name, after parents, bool enabled = true)
{
    return {
        .name = std::move(name),
        .enabled = enabled,
        .trigger = std::move(parents),
        .url = "http://localhost/"};
}

/** What the walk says next, as text: `+a` starts, `-b:condition` skips. */
std::string steps(chain_walk& walk)
{
    std::string out;
    while (const auto s = walk.next()) {
        out +=
            (out.empty() ? "" : " ") + std::string(s->skip ? "-" : "+") + walk.at(s->position).name;
        if (s->skip) out += ":" + std::string(to_string(*s->skip));
    }
    return out;
}

chain_walk walk_from(const job_set& set, const char* name, bool by_hand = false)
{
    return {set, set.chain_from(*set.find(name)), by_hand};
}

} // namespace chain_walks

BOOST_AUTO_TEST_SUITE(chain_walks)

BOOST_AUTO_TEST_CASE(each_condition_with_each_outcome)
{
    for (const outcome o :
         {outcome::completed, outcome::failed, outcome::timed_out, outcome::unreachable,
          outcome::rejected, outcome::cancelled, outcome::skipped, outcome::interrupted}) {
        BOOST_TEST_CONTEXT(to_string(o))
        {
            const bool failing = o == outcome::failed || o == outcome::timed_out ||
                                 o == outcome::unreachable || o == outcome::rejected ||
                                 o == outcome::interrupted;
            BOOST_TEST(meets(condition::finished, o));
            BOOST_TEST(meets(condition::succeeded, o) == (o == outcome::completed));
            BOOST_TEST(meets(condition::failed, o) == failing);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_diamond_waits_for_both_sides)
{
    const job_set set = job_set::create({first("a"), then("b", {{"a"}}), then("c", {{"a"}}),
                                         then("d", {{"b"}, {"c"}})})
                            .value();
    chain_walk walk = walk_from(set, "a");
    BOOST_TEST(steps(walk) == "+a");
    walk.ended(0, outcome::completed);
    BOOST_TEST(steps(walk) == "+b +c");
    walk.ended(2, outcome::completed);
    BOOST_TEST(steps(walk) == "");
    walk.ended(1, outcome::completed);
    BOOST_TEST(steps(walk) == "+d");
}

BOOST_AUTO_TEST_CASE(a_skip_is_an_end_like_any_other)
{
    const job_set set =
        job_set::create({first("a"), then("b", {{"a"}}), then("c", {{"b", condition::finished}}),
                         then("d", {{"b", condition::failed}}),
                         then("e", {{"a", condition::failed}})})
            .value();
    chain_walk walk = walk_from(set, "a");
    BOOST_TEST(steps(walk) == "+a");
    walk.ended(0, outcome::failed);
    BOOST_TEST(steps(walk) == "-b:condition +e +c -d:condition");
}

BOOST_AUTO_TEST_CASE(disabled_jobs_are_skipped_unless_asked_for)
{
    const job_set set =
        job_set::create({first("a", false), then("b", {{"a", condition::finished}}, false),
                         then("c", {{"b", condition::finished}})})
            .value();
    chain_walk by_schedule = walk_from(set, "a");
    BOOST_TEST(steps(by_schedule) == "-a:disabled -b:disabled +c");
    chain_walk by_hand = walk_from(set, "a", true);
    BOOST_TEST(steps(by_hand) == "+a");
    by_hand.ended(0, outcome::completed);
    BOOST_TEST(steps(by_hand) == "-b:disabled +c");
}

BOOST_AUTO_TEST_CASE(parents_outside_the_run_count_as_met)
{
    const job_set set = job_set::create({first("a"), then("b", {{"a"}}), then("c", {{"a"}}),
                                         then("d", {{"b"}, {"c"}})})
                            .value();
    chain_walk walk = walk_from(set, "b");
    BOOST_TEST(walk.size() == 2U);
    BOOST_TEST(steps(walk) == "+b");
    walk.ended(0, outcome::completed);
    BOOST_TEST(steps(walk) == "+d");
}

BOOST_AUTO_TEST_SUITE_END()
