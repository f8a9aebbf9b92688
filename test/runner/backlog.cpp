#include "runner/plan/backlog.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace backlogs {

constexpr instant ten = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 10h;
constexpr grid hours{.anchor = instant{}, .every = 1h};

using jobs = std::vector<job_index>;
using spans = std::vector<backlog_span>;
using parts = std::vector<missed_part>;

backlog_span hourly_from(instant from, std::int64_t count)
{
    return {hours, from, from + (count - 1) * 1h, count};
}

/** Two jobs that are due each hour. */
struct two_hourly_jobs {
    backlog all;

    two_hourly_jobs() { use({.every = 1h, .catch_up = catch_up_policy::all}); }

    void use(const schedule& s)
    {
        std::vector<job> two;
        for (const char* name : {"a", "b"})
            two.push_back({.name = name, .trigger = s, .url = "http://localhost/"});
        all.assign(
            std::make_shared<const job_set>(job_set::create(std::move(two)).value()),
            std::exchange(given, {}));
    }

    spans of(job_index j) const
    {
        const job_backlog* const b = all.find(j);
        return b != nullptr ? b->spans : spans();
    }

    /** The oldest instant, where a run for it starts. */
    std::optional<instant> run_oldest(job_index j, instant now)
    {
        const auto oldest = all.take_oldest(j, now);
        return oldest ? std::optional(oldest->from) : std::nullopt;
    }

    std::unordered_map<job_index, job_backlog> given;
};

} // namespace backlogs

BOOST_FIXTURE_TEST_SUITE(backlogs, two_hourly_jobs)

BOOST_AUTO_TEST_CASE(is_empty_at_first)
{
    BOOST_TEST(!all.next_wake());
    BOOST_TEST(all.find(0) == nullptr);
    BOOST_TEST(all.take_due(ten).empty());
    BOOST_TEST(!run_oldest(0, ten));
    BOOST_TEST(!all.release(0, ten));
    BOOST_TEST(all.cut_to_window(0, ten).empty());
}

BOOST_AUTO_TEST_CASE(one_run_of_a_job_follows_another)
{
    BOOST_TEST(all.add(0, hourly_from(ten, 2), 100, ten + 5h).empty());
    BOOST_TEST(all.next_wake() == ten + 5h);
    BOOST_TEST(all.take_due(ten + 5h) == jobs{0}, test::per_element());
    BOOST_TEST(run_oldest(0, ten + 5h) == ten);
    BOOST_TEST(!all.next_wake()); // until its release
    BOOST_TEST(all.release(0, ten + 5h + 10ms));
    BOOST_TEST(!all.release(0, ten + 5h + 20ms));
    BOOST_TEST(all.next_wake() == ten + 5h + 100ms);
    BOOST_TEST(all.take_due(ten + 5h + 100ms) == jobs{0}, test::per_element());
    BOOST_TEST(run_oldest(0, ten + 5h + 100ms) == ten + 1h);
    BOOST_TEST(all.find(0) == nullptr);
    BOOST_TEST(!all.release(0, ten + 6h));
}

BOOST_AUTO_TEST_CASE(a_job_that_does_not_run_waits_for_its_release)
{
    all.add(0, hourly_from(ten, 1), 100, ten + 1h);
    all.add(1, hourly_from(ten, 1), 100, ten + 2h);
    BOOST_TEST(all.take_due(ten + 1h) == jobs{0}, test::per_element());
    BOOST_TEST(all.waiting() == jobs{0}, test::per_element());
    BOOST_TEST(all.next_wake() == ten + 2h);
    BOOST_TEST(all.release(0, ten + 3h));
    BOOST_TEST(all.waiting().empty());
    BOOST_TEST(all.take_due(ten + 3h) == (jobs{1, 0}), test::per_element());
}

BOOST_AUTO_TEST_CASE(the_newest_stay)
{
    BOOST_TEST(
        all.add(0, hourly_from(ten, 5), 3, ten + 5h) == (parts{{ten, ten + 1h, 2, reason::limit}}),
        test::per_element());
    BOOST_TEST(of(0) == (spans{hourly_from(ten + 2h, 3)}), test::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_older_comes_first)
{
    // The clock was set back: what is there already waits for its time.
    given[0] = {.spans = {hourly_from(ten + 8h, 1)}, .ready = ten + 8h};
    use({.every = 1h, .catch_up = catch_up_policy::all});
    BOOST_TEST(all.next_wake() == ten + 8h);
    all.add(0, hourly_from(ten + 9h, 1), 100, ten + 2h);
    BOOST_TEST(all.next_wake() == ten + 8h);
    all.add(0, hourly_from(ten, 1), 100, ten + 2h);
    BOOST_TEST(
        of(0) == (spans{hourly_from(ten, 1), hourly_from(ten + 8h, 1), hourly_from(ten + 9h, 1)}),
        test::per_element());
    all.put_back(0, hours, ten - 1h, ten + 3h);
    BOOST_TEST(all.next_wake() == ten + 3h);
    BOOST_TEST(all.take_due(ten + 3h) == jobs{0}, test::per_element());
    BOOST_TEST(run_oldest(0, ten + 3h) == ten - 1h);
    BOOST_TEST(run_oldest(0, ten + 3h) == ten);
}

BOOST_AUTO_TEST_CASE(what_is_put_back_may_run_at_once)
{
    all.add(0, hourly_from(ten, 2), 100, ten + 5h);
    all.take_due(ten + 5h);
    BOOST_TEST(run_oldest(0, ten + 5h) == ten);
    all.put_back(0, hours, ten, ten + 5h + 1ms);
    BOOST_TEST(all.waiting().empty());
    BOOST_TEST(all.next_wake() == ten + 5h + 1ms);
    // Also where nothing else is left.
    all.put_back(1, hours, ten, ten + 4h);
    BOOST_TEST(all.take_due(ten + 5h + 1ms) == (jobs{1, 0}), test::per_element());
    BOOST_TEST(run_oldest(0, ten + 5h + 1ms) == ten);
    BOOST_TEST(run_oldest(1, ten + 5h + 1ms) == ten);
}

BOOST_AUTO_TEST_CASE(no_run_starts_within_its_jitter)
{
    use({.every = 1h, .catch_up = catch_up_policy::all, .jitter = 30min});
    all.put_back(0, hours, ten, ten);
    const auto due = all.next_wake();
    BOOST_TEST_REQUIRE(due.has_value());
    BOOST_TEST(*due == ten + jitter_of("a", 30min, ten, ten + 1h));
    BOOST_TEST(*due > ten);
}

BOOST_AUTO_TEST_CASE(what_is_too_old_is_missed)
{
    use({.every = 1h, .catch_up = catch_up_policy::all, .catch_up_window = 3h});
    all.add(0, hourly_from(ten, 5), 100, ten + 5h);
    BOOST_TEST(
        all.cut_to_window(0, ten + 5h) == (parts{{ten, ten + 1h, 2, reason::window}}),
        test::per_element());
    BOOST_TEST(of(0) == (spans{hourly_from(ten + 2h, 3)}), test::per_element());
    BOOST_TEST(all.cut_to_window(0, ten + 1000h).front().count == 3);
    BOOST_TEST(all.find(0) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_step_back_takes_out_what_has_not_passed_any_more)
{
    all.add(0, hourly_from(ten, 5), 100, ten + 5h);
    all.add(1, hourly_from(ten + 3h, 1), 100, ten + 5h);
    all.clock_stepped(ten + 1h, -4h);
    BOOST_TEST(of(0) == (spans{hourly_from(ten, 2)}), test::per_element());
    BOOST_TEST(all.find(1) == nullptr);
    BOOST_TEST(all.next_wake() == ten + 1h);
}

BOOST_AUTO_TEST_CASE(ticks_of_elapsed_time_stay_and_wait_for_their_names)
{
    use({.every = 1h, .on_boot = 0s, .catch_up = catch_up_policy::all});
    all.add(0, hourly_from(ten + 3h, 2), 100, ten + 5h);
    all.clock_stepped(ten + 1h, -4h);
    BOOST_TEST(of(0) == (spans{hourly_from(ten + 3h, 2)}), test::per_element());
    BOOST_TEST(all.next_wake() == ten + 3h);
}

BOOST_AUTO_TEST_CASE(a_step_forward_moves_the_time_that_runs_wait_for)
{
    all.add(0, hourly_from(ten, 1), 100, ten + 5h);
    all.clock_stepped(ten + 7h, 2h);
    BOOST_TEST(all.next_wake() == ten + 7h);
    BOOST_TEST(of(0).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
