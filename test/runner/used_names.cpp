#include "runner/plan/used_names.hpp"

#include "print.hpp"
#include <carillon/time/cron.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace used_names {

constexpr instant ten = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10h;
constexpr grid quarters{.anchor = instant{}, .every = 15min};

/** What has been used of the instants of a job that runs every 15 minutes. */
struct names_of_quarters {
    schedule every_quarter{.every = 15min};
    std::vector<used_span> used;

    void add(microseconds after_ten) { add_use(every_quarter, used, quarters, ten + after_ten); }

    void take_back(microseconds after_ten)
    {
        take_use_back(every_quarter, used, quarters, ten + after_ten);
    }

    static used_span span(microseconds from, microseconds to, std::int64_t times = 1)
    {
        return {quarters, ten + from, ten + to, times};
    }
};

} // namespace used_names

BOOST_FIXTURE_TEST_SUITE(used_names, names_of_quarters)

BOOST_AUTO_TEST_CASE(instants_that_follow_one_another_are_one_span)
{
    add(15min);
    add(30min);
    add(60min);
    BOOST_TEST(used == (std::vector{span(15min, 30min), span(60min, 60min)}), per_element());
    take_back(60min);
    BOOST_TEST(used == std::vector{span(15min, 30min)}, per_element());
    add(60min);
    add(45min);
    BOOST_TEST(used == std::vector{span(15min, 60min)}, per_element());
    take_back(30min);
    BOOST_TEST(used == (std::vector{span(15min, 15min), span(45min, 60min)}), per_element());
}

BOOST_AUTO_TEST_CASE(an_instant_that_comes_again_counts_once_more)
{
    for (const auto at : {15min, 30min, 45min, 30min, 45min}) add(at);
    BOOST_TEST(used == (std::vector{span(15min, 15min), span(30min, 45min, 2)}), per_element());
    BOOST_TEST(uses_of(used, quarters, ten) == 0);
    BOOST_TEST(uses_of(used, quarters, ten + 15min) == 1);
    BOOST_TEST(uses_of(used, quarters, ten + 45min) == 2);
    take_back(45min);
    BOOST_TEST(uses_of(used, quarters, ten + 45min) == 1);
}

BOOST_AUTO_TEST_CASE(spans_count_as_a_list_of_all_would)
{
    std::mt19937 random(20261128);
    std::map<int, std::int64_t> expected;
    for (int i = 0; i < 5000; ++i) {
        const int n = static_cast<int>(random() % 12);
        if (random() % 3 == 0 && expected[n] > 0) {
            take_back(n * 15min);
            --expected[n];
        } else if (expected[n] < 4) {
            add(n * 15min);
            ++expected[n];
        }
        for (int k = 0; k < 12; ++k)
            BOOST_REQUIRE_EQUAL(uses_of(used, quarters, ten + k * 15min), expected[k]);
        for (std::size_t k = 1; k < used.size(); ++k) BOOST_REQUIRE(used[k - 1].to < used[k].from);
    }
}

BOOST_AUTO_TEST_CASE(the_oldest_of_many_spans_are_one)
{
    for (int i = 0; i < 20; ++i) add(i * 30min);
    BOOST_TEST(used.size() == 16U);
    BOOST_TEST(used.front() == (used_span{any_time, ten, ten + 120min, 1}));
    BOOST_TEST(used.back() == span(570min, 570min));
}

BOOST_AUTO_TEST_CASE(of_many_points_of_time_the_oldest_are_forgotten)
{
    const schedule hours = schedule_from_cron("0 10-23 * * *").value();
    for (int i = 0; i < 20; ++i) add_use(hours, used, {}, ten + i * 24h);
    BOOST_TEST(used.size() == 16U);
    BOOST_TEST(used.front() == (used_span{{}, ten + 4 * 24h, ten + 4 * 24h, 1}));
    // Not the one that is used now, by a clock that is far behind.
    add_use(hours, used, {}, ten - 240h);
    BOOST_TEST(used.size() == 16U);
    BOOST_TEST(uses_of(used, {}, ten - 240h) == 1);
}

BOOST_AUTO_TEST_CASE(a_clock_far_behind_gives_no_name_twice_after_many_boots)
{
    for (int i = 0; i < 20; ++i) {
        const grid of_boot{.anchor = ten + i * 61min, .every = 15min};
        add_use(every_quarter, used, of_boot, ten + i * 61min);
    }
    std::map<instant, int> names;
    for (int i = 0; i < 60; ++i) {
        const grid of_boot{.anchor = instant{} + 5min + i % 20 * 1s, .every = 15min};
        for (int k = 0; k < 2; ++k) {
            const instant at = of_boot.anchor + k * of_boot.every;
            ++names[at + uses_of(used, of_boot, at) * one_tick];
            add_use(every_quarter, used, of_boot, at);
        }
        BOOST_TEST(used.size() <= 16U);
    }
    BOOST_TEST(names.size() == 120U);
}

BOOST_AUTO_TEST_CASE(ticks_that_were_moved_are_other_names)
{
    add(15min);
    add(30min);
    const grid by_minutes{.anchor = instant{} + 5min, .every = 15min};
    BOOST_TEST(uses_of(used, by_minutes, ten + 20min) == 0);
    const grid by_a_tick{.anchor = instant{} + 45min, .every = 15min};
    BOOST_TEST(uses_of(used, by_a_tick, ten + 30min) == 1);
    add_use(every_quarter, used, by_a_tick, ten + 30min);
    BOOST_TEST(uses_of(used, by_a_tick, ten + 30min) == 2);
}

BOOST_AUTO_TEST_CASE(another_schedule_keeps_what_may_be_its_names)
{
    add(15min);
    add(30min);
    std::vector<used_span> rhythm = used;
    const schedule others{.every = 10min};
    adopt_uses(others, false, rhythm);
    const grid tens{.anchor = instant{}, .every = 10min};
    BOOST_TEST(uses_of(rhythm, tens, ten + 20min) == 1);
    BOOST_TEST(uses_of(rhythm, tens, ten + 40min) == 0);

    std::vector<used_span> point = used;
    const schedule daily = schedule_from_cron("20 10 * * *").value();
    adopt_uses(daily, false, point);
    BOOST_TEST(point.empty());
    add_use(daily, point, {}, ten + 20min);
    point.push_back({.ticks = any_time, .from = ten, .to = ten + 1h});
    adopt_uses(daily, true, point);
    BOOST_TEST(uses_of(point, {}, ten + 20min) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
