#include "runner/slots/chain_slots.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;

namespace slots_of_a_chain {

using chain = chain_slots<std::string>;

/** One that is offered and settled at once: whether it goes. */
bool bring(chain& slots, const std::string& run, overlap_policy policy)
{
    const admission how = slots.offer(policy);
    if (how == admission::start || how == admission::skip) return how == admission::start;
    return slots.settle(run, how, policy == overlap_policy::allow).starts;
}

bool bring_missed(chain& slots, const std::string& run, bool side_by_side = false)
{
    const admission how = slots.offer_catch_up();
    return how == admission::start || slots.settle(run, how, side_by_side).starts;
}

std::optional<std::string> end(chain& slots)
{
    slots.end();
    return slots.next();
}

} // namespace slots_of_a_chain

using namespace slots_of_a_chain;

BOOST_AUTO_TEST_SUITE(slots_of_a_chain)

BOOST_AUTO_TEST_CASE(a_free_chain_starts_whatever_is_due)
{
    for (const auto policy :
         {overlap_policy::skip, overlap_policy::queue, overlap_policy::replace,
          overlap_policy::allow}) {
        chain slots;
        BOOST_TEST(slots.is_idle());
        BOOST_TEST(bring(slots, "a", policy));
        BOOST_TEST(slots.is_busy());
        BOOST_TEST(!end(slots).has_value());
        BOOST_TEST(slots.is_idle());
    }
}

BOOST_AUTO_TEST_CASE(skip_counts_how_often_in_a_row)
{
    chain slots;
    bring(slots, "a", overlap_policy::skip);
    for (int n = 1; n <= 3; ++n) {
        BOOST_TEST(!bring(slots, "b", overlap_policy::skip));
        BOOST_TEST(slots.skipped_in_a_row() == n);
    }
    end(slots);
    bring(slots, "c", overlap_policy::skip);
    BOOST_TEST(slots.skipped_in_a_row() == 0);
}

BOOST_AUTO_TEST_CASE(of_those_that_queue_the_newest_stays)
{
    chain slots;
    bring(slots, "a", overlap_policy::queue);
    BOOST_TEST(!bring(slots, "b", overlap_policy::queue));
    const admission how = slots.offer(overlap_policy::queue);
    const auto what = slots.settle("c", how, false);
    BOOST_TEST(!what.starts);
    BOOST_TEST(what.displaced == std::optional<std::string>("b"));
    BOOST_TEST(what.skipped_in_a_row == 1);
    BOOST_TEST(!what.cancels);
    BOOST_TEST(end(slots) == std::optional<std::string>("c"));
    BOOST_TEST(slots.skipped_in_a_row() == 0);
    BOOST_TEST(!end(slots).has_value());
    BOOST_TEST(slots.is_idle());
}

BOOST_AUTO_TEST_CASE(one_that_replaces_cancels_what_goes)
{
    chain slots;
    bring(slots, "a", overlap_policy::replace);
    const admission how = slots.offer(overlap_policy::replace);
    BOOST_TEST(slots.settle("b", how, false).cancels);
    BOOST_TEST(end(slots) == std::optional<std::string>("b"));
}

BOOST_AUTO_TEST_CASE(a_claim_may_be_answered_when_the_chain_is_free_again)
{
    chain slots;
    bring(slots, "a", overlap_policy::queue);
    const admission how = slots.offer(overlap_policy::queue);
    BOOST_TEST(!end(slots).has_value());
    BOOST_TEST(!slots.is_idle());
    BOOST_TEST(slots.settle("b", how, false).starts);
    slots.end();
    BOOST_TEST(slots.is_idle());
}

BOOST_AUTO_TEST_CASE(what_was_missed_goes_before_what_is_newer_unless_that_replaces)
{
    for (const auto policy : {overlap_policy::queue, overlap_policy::replace}) {
        chain slots;
        bring(slots, "a", policy);
        bring_missed(slots, "missed");
        bring(slots, "new", policy);
        const bool replaces = policy == overlap_policy::replace;
        BOOST_TEST(end(slots) == std::optional<std::string>(replaces ? "new" : "missed"));
        BOOST_TEST(end(slots) == std::optional<std::string>(replaces ? "missed" : "new"));
    }
}

BOOST_AUTO_TEST_CASE(what_was_missed_has_its_turn_at_each_end_where_runs_go_side_by_side)
{
    chain slots;
    bring(slots, "a", overlap_policy::allow);
    bring(slots, "b", overlap_policy::allow);
    BOOST_TEST(!bring_missed(slots, "missed", true));
    BOOST_TEST(end(slots) == std::optional<std::string>("missed"));
    BOOST_TEST(slots.is_busy());
}

BOOST_AUTO_TEST_CASE(a_turn_lasts_until_its_run_has_ended)
{
    chain slots;
    bring_missed(slots, "first");
    BOOST_TEST(slots.has_turn());
    bring_missed(slots, "second");
    const auto what = slots.settle("third", slots.offer_catch_up(), false);
    BOOST_TEST(what.displaced == std::optional<std::string>("second"));
    BOOST_TEST(what.skipped_in_a_row == 0);
    BOOST_TEST(!slots.end_turn());
    BOOST_TEST(end(slots) == std::optional<std::string>("third"));
    BOOST_TEST(slots.end_turn());
}

BOOST_AUTO_TEST_CASE(what_crashed_goes_first_and_in_its_order)
{
    chain slots;
    slots.offer_crashed();
    for (const char* run : {"b", "c"}) {
        slots.offer_crashed_waiting();
        BOOST_TEST(!slots.settle_crashed(run));
    }
    bring(slots, "new", overlap_policy::replace);
    for (const char* run : {"b", "c", "new"})
        BOOST_TEST(end(slots) == std::optional<std::string>(run));
}

BOOST_AUTO_TEST_CASE(what_crashed_and_is_due_now_waits_for_another_unless_they_may_go_together)
{
    chain slots;
    BOOST_TEST(slots.offer_crashed(overlap_policy::queue));
    BOOST_TEST(!slots.offer_crashed(overlap_policy::queue));
    BOOST_TEST(!slots.settle_crashed("b"));
    BOOST_TEST(slots.offer_crashed(overlap_policy::allow));
    slots.end();
    BOOST_TEST(!slots.next()); // one is running
    BOOST_TEST(end(slots) == std::optional<std::string>("b"));
}

BOOST_AUTO_TEST_CASE(a_stop_gives_back_all_that_waits)
{
    chain slots;
    slots.offer_crashed();
    slots.offer_crashed_waiting();
    slots.settle_crashed("crashed");
    bring(slots, "queued", overlap_policy::queue);
    bring_missed(slots, "missed");
    BOOST_TEST(
        slots.stop() == (std::vector<std::string>{"crashed", "missed", "queued"}), per_element());
    BOOST_TEST(!slots.has_line());
    slots.end();
    BOOST_TEST(slots.is_idle());
}

BOOST_AUTO_TEST_CASE(no_run_is_lost_whatever_comes)
{
    std::mt19937 random(20261128);
    const auto below = [&](unsigned n) { return random() % n; };
    for (int life = 0; life < 300; ++life) {
        chain slots;
        const auto policy = static_cast<overlap_policy>(below(4));
        std::vector<admission> claims; // under way, of those that wait
        int going = 0;
        int brought = 0;
        int gone = 0; // ended, skipped, displaced, withdrawn
        for (int i = 0; i < 60; ++i) {
            const bool is_missed = below(3) == 0;
            switch (below(4)) {
            case 0: {
                ++brought;
                const admission how = is_missed ? slots.offer_catch_up() : slots.offer(policy);
                if (how == admission::start) ++going;
                if (how == admission::skip) ++gone;
                if (how != admission::start && how != admission::skip) claims.push_back(how);
                break;
            }
            case 1: {
                if (claims.empty()) break;
                const admission how = claims.back();
                claims.pop_back();
                if (below(4) == 0) {
                    slots.withdraw();
                    ++gone;
                    break;
                }
                const auto what = slots.settle("x", how, policy == overlap_policy::allow);
                if (what.starts) ++going;
                if (what.displaced) ++gone;
                break;
            }
            default:
                if (going == 0) break;
                --going;
                ++gone;
                if (end(slots)) ++going;
            }
            BOOST_TEST(slots.is_busy() == (going > 0));
        }
        for (; !claims.empty(); claims.pop_back(), ++gone) slots.withdraw();
        gone += static_cast<int>(slots.stop().size());
        for (; going > 0; --going, ++gone) slots.end();
        BOOST_TEST(slots.is_idle());
        BOOST_TEST(gone == brought);
    }
}

BOOST_AUTO_TEST_SUITE_END()
