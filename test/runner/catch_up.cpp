#include "runner/plan/catch_up.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace catching_up {

constexpr instant ten = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10h;

schedule hourly(catch_up_policy policy, microseconds window = unbounded)
{
    schedule s{.every = 1h, .catch_up = policy};
    s.catch_up_window = window;
    return s;
}

passed_span passed(instant from, instant to, bool is_late = false)
{
    return {.ticks = {instant{}, 1h}, .from = from, .to = to, .is_late = is_late};
}

using parts = std::vector<missed_part>;

} // namespace catching_up

BOOST_AUTO_TEST_SUITE(catching_up)

BOOST_AUTO_TEST_CASE(none_runs_what_is_late_only)
{
    const schedule s = hourly(catch_up_policy::none);
    auto v = judge_passed(s, passed(ten, ten + 2h), ten + 150min);
    BOOST_TEST(v.missed == (parts{{ten, ten + 2h, 3, reason::window}}), test::per_element());
    BOOST_TEST(!v.run);
    BOOST_TEST(!v.backlog);
    v = judge_passed(s, passed(ten, ten + 2h, true), ten + 121min);
    BOOST_TEST(v.missed == (parts{{ten, ten + 1h, 2, reason::window}}), test::per_element());
    BOOST_TEST(v.run == ten + 2h);
    v = judge_passed(s, passed(ten, ten, true), ten + 1s);
    BOOST_TEST(v.missed.empty());
    BOOST_TEST(v.run == ten);
}

BOOST_AUTO_TEST_CASE(once_runs_the_latest_for_all)
{
    const schedule s = hourly(catch_up_policy::once);
    for (const bool late : {false, true}) {
        auto v = judge_passed(s, passed(ten, ten + 2h, late), ten + 150min);
        BOOST_TEST(v.missed == (parts{{ten, ten + 1h, 2, reason::coalesced}}), test::per_element());
        BOOST_TEST(v.run == ten + 2h);
        v = judge_passed(s, passed(ten, ten, late), ten + 50min);
        BOOST_TEST(v.missed.empty());
        BOOST_TEST(v.run == ten);
    }
}

BOOST_AUTO_TEST_CASE(what_is_too_long_ago_is_dropped)
{
    const schedule once = hourly(catch_up_policy::once, 90min);
    // 10:00, 11:00, 12:00 at 12:30: the eldest is two and a half hours old.
    auto v = judge_passed(once, passed(ten, ten + 2h), ten + 150min);
    BOOST_TEST(
        v.missed ==
            (parts{{ten, ten, 1, reason::window}, {ten + 1h, ten + 1h, 1, reason::coalesced}}),
        test::per_element());
    BOOST_TEST(v.run == ten + 2h);
    v = judge_passed(once, passed(ten, ten + 2h), ten + 4h);
    BOOST_TEST(v.missed == (parts{{ten, ten + 2h, 3, reason::window}}), test::per_element());
    BOOST_TEST(!v.run);
    // Just as old as the window is not older.
    v = judge_passed(once, passed(ten, ten), ten + 90min);
    BOOST_TEST(v.run == ten);
    // What is late is not missed, and no window holds it back.
    v = judge_passed(hourly(catch_up_policy::once, 1s), passed(ten, ten + 2h, true), ten + 121min);
    BOOST_TEST(v.missed == (parts{{ten, ten + 1h, 2, reason::window}}), test::per_element());
    BOOST_TEST(v.run == ten + 2h);
    v = judge_passed(hourly(catch_up_policy::all, 90min), passed(ten, ten + 2h), ten + 150min);
    BOOST_TEST(v.missed == (parts{{ten, ten, 1, reason::window}}), test::per_element());
    BOOST_TEST(v.backlog == (backlog_span{{instant{}, 1h}, ten + 1h, ten + 2h, 2}));
}

BOOST_AUTO_TEST_CASE(all_owes_each)
{
    const schedule s = hourly(catch_up_policy::all);
    for (const bool late : {false, true}) {
        const auto v = judge_passed(s, passed(ten, ten + 2h, late), ten + 121min);
        BOOST_TEST(v.missed.empty());
        BOOST_TEST(!v.run);
        BOOST_TEST(v.backlog == (backlog_span{{instant{}, 1h}, ten, ten + 2h, 3}));
    }
    const auto v = judge_passed(s, passed(ten, ten, true), ten + 1s);
    BOOST_TEST(v.run == ten);
    BOOST_TEST(!v.backlog);
}

BOOST_AUTO_TEST_CASE(the_newest_stay_within_the_limit)
{
    const schedule s = hourly(catch_up_policy::all);
    const grid ticks{instant{}, 1h};
    std::vector<backlog_span> owed{
        {ticks, ten, ten + 2h, 3},
        {ticks, ten + 10h, ten + 10h, 1},
        {ticks, ten + 20h, ten + 29h, 10}};
    BOOST_TEST(cut_to_limit(s, owed, 14).empty());
    BOOST_TEST(
        cut_to_limit(s, owed, 12) == (parts{{ten, ten + 1h, 2, reason::limit}}),
        test::per_element());
    BOOST_TEST(owed.front() == (backlog_span{ticks, ten + 2h, ten + 2h, 1}));
    BOOST_TEST(
        cut_to_limit(s, owed, 4) == (parts{
                                        {ten + 2h, ten + 2h, 1, reason::limit},
                                        {ten + 10h, ten + 10h, 1, reason::limit},
                                        {ten + 20h, ten + 25h, 6, reason::limit}}),
        test::per_element());
    BOOST_TEST(
        owed == (std::vector<backlog_span>{{ticks, ten + 26h, ten + 29h, 4}}), test::per_element());
}

BOOST_AUTO_TEST_CASE(every_instant_comes_to_exactly_one_thing)
{
    std::mt19937 random(7);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int round = 0; round < 2000; ++round) {
        schedule s = hourly(static_cast<catch_up_policy>(below(3)), (1 + below(40)) * 30min);
        s.catch_up_limit = 1 + below(10);
        const instant to = ten + below(48) * 1h;
        const bool late = below(2) == 0;
        const instant now = to + (late ? 30s : 30min);
        const std::int64_t all = (to - ten) / 1h + 1;
        const auto v = judge_passed(s, passed(ten, to, late), now);
        std::vector<backlog_span> owed;
        if (v.backlog) owed.push_back(*v.backlog);
        parts missed = v.missed;
        for (const auto& m : cut_to_limit(s, owed, s.catch_up_limit)) missed.push_back(m);
        std::int64_t told = v.run ? 1 : 0;
        instant next = ten;
        for (const auto& m : missed) {
            BOOST_TEST(m.from == next);
            BOOST_TEST(m.count == (m.to - m.from) / 1h + 1);
            next = m.to + 1h;
            told += m.count;
        }
        for (const auto& o : owed) {
            BOOST_TEST(o.from == next);
            BOOST_TEST(o.count <= s.catch_up_limit);
            next = o.to + 1h;
            told += o.count;
        }
        BOOST_TEST(told == all);
        if (v.run) {
            BOOST_TEST(*v.run == to);
            BOOST_TEST(next == to);
        }
        if (late && s.catch_up != catch_up_policy::all) BOOST_TEST(v.run.has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
