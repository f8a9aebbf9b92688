#include "runner/plan/agenda.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace agendas {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10h;

appointment at(microseconds due, microseconds accuracy, job_index job)
{
    return {t0 + due, t0 + due + accuracy, job};
}

std::vector<job_index> jobs_of(const std::vector<appointment>& list)
{
    std::vector<job_index> out;
    for (const auto& a : list) out.push_back(a.job);
    return out;
}

} // namespace agendas

BOOST_AUTO_TEST_SUITE(agendas)

BOOST_AUTO_TEST_CASE(windows_coalesce)
{
    // The semantics page's example 8: A, B at 10:00:40 and C at 10:01:30.
    agenda a;
    a.assign({at(0s, 60s, 0), at(40s, 0s, 1), at(90s, 60s, 2)});
    BOOST_TEST(a.next_wake() == t0 + 40s);
    BOOST_TEST(
        jobs_of(a.take_due(t0 + 40s)) == (std::vector<job_index>{0, 1}), test::per_element());
    BOOST_TEST(a.next_wake() == t0 + 90s);
    BOOST_TEST(jobs_of(a.take_due(t0 + 90s)) == std::vector<job_index>{2}, test::per_element());
    BOOST_TEST(!a.next_wake());
}

BOOST_AUTO_TEST_CASE(a_lone_job_is_not_delayed)
{
    agenda a;
    a.add(at(5min, 1min, 7));
    BOOST_TEST(a.next_wake() == t0 + 5min);
}

BOOST_AUTO_TEST_CASE(what_is_added_later_may_come_first)
{
    agenda a;
    a.add(at(60s, 60s, 0));
    BOOST_TEST(a.next_wake() == t0 + 60s);
    a.add(at(10s, 0s, 1));
    BOOST_TEST(a.next_wake() == t0 + 10s);
    BOOST_TEST(a.size() == 2U);
    BOOST_TEST(a.take_due(t0).empty());
    BOOST_TEST(jobs_of(a.take_due(t0 + 1h)).size() == 2U);
    BOOST_TEST(a.size() == 0U);
}

BOOST_AUTO_TEST_CASE(part_of_a_batch_may_be_taken)
{
    agenda a;
    a.assign({at(0s, 60s, 0), at(40s, 30s, 1), at(50s, 30s, 2)});
    BOOST_TEST(a.next_wake() == t0 + 50s);
    BOOST_TEST(
        jobs_of(a.take_due(t0 + 45s)) == (std::vector<job_index>{0, 1}), test::per_element());
    BOOST_TEST(a.next_wake() == t0 + 50s);
    BOOST_TEST(jobs_of(a.take_due(t0 + 50s)) == std::vector<job_index>{2}, test::per_element());
}

BOOST_AUTO_TEST_CASE(the_wake_up_is_the_latest_that_makes_no_one_late)
{
    std::mt19937 random(11); // NOLINT: the same cases each time
    const auto draw = [&](int to) { return std::uniform_int_distribution<int>(0, to)(random); };
    for (int round = 0; round < 500; ++round) {
        std::vector<appointment> all;
        for (job_index i = 0; i < static_cast<job_index>(1 + draw(20)); ++i)
            all.push_back(at(microseconds{draw(60)}, microseconds{draw(3) == 0 ? draw(60) : 0}, i));
        const instant end =
            std::min_element(all.begin(), all.end(), [](const auto& x, const auto& y) {
                return x.window_end < y.window_end;
            })->window_end;
        instant latest = instant::min();
        for (const auto& a : all)
            if (a.due <= end) latest = std::max(latest, a.due);

        agenda tested;
        for (const auto& a : all) {
            tested.add(a);
            if (draw(1) == 0) tested.next_wake(); // asking changes nothing
        }
        BOOST_TEST_REQUIRE(tested.next_wake() == latest);
        const auto taken = tested.take_due(latest);
        BOOST_REQUIRE_EQUAL(
            taken.size(),
            static_cast<std::size_t>(std::count_if(
                all.begin(), all.end(), [&](const auto& a) { return a.due <= latest; })));
        BOOST_REQUIRE(std::is_sorted(taken.begin(), taken.end(), [](const auto& x, const auto& y) {
            return x.due < y.due;
        }));
        BOOST_REQUIRE_EQUAL(tested.size() + taken.size(), all.size());
    }
}

BOOST_AUTO_TEST_SUITE_END()
