// Who is told of what, and in which order, where listeners cause further events.

#include "runner/services/listeners.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace events_of_events {

/** The name of a run, its job, an attempt's error and a record's job, as far as an event has them.
 */
std::string names_in(const event& e)
{
    const auto of_run = [](const auto& what) { return what.run.chain + ","; };
    return std::visit(
        overloaded{
            [&](const run_started& s) { return of_run(s) + s.first.name; },
            [&](const job_started& s) { return of_run(s) + s.job.name; },
            [&](const attempt_failed& f) { return of_run(f) + f.job.name + f.attempt.error; },
            [&](const job_ended& j) { return of_run(j) + j.job.name + j.record.job; },
            [&](const run_ended& r) { return of_run(r) + r.first.name; },
            [&](const run_skipped& s) { return s.first.name; },
            [&](const runs_missed& m) { return m.first.name; },
            [&](const polling_began& p) { return of_run(p) + p.job.name + p.url; },
            [&](const overlap_persists& o) { return o.first.name; },
            [&](const progress_failed& f) { return of_run(f) + f.job.name; },
            [&](const record_failed& f) { return of_run(f); },
            [](const circuit_change& c) { return c.origin; },
            [](const auto&) { return std::string(); }},
        e);
}

/** Listeners of whom the first answers `firing_began` by `act`, and what the last has been told. */
struct two_listeners {
    std::shared_ptr<listeners> all = std::make_shared<listeners>();
    std::vector<std::size_t> first;
    std::vector<std::size_t> last;
    std::vector<std::string> names;

    template <class F>
    explicit two_listeners(F act)
    {
        all->add([this, act](const event& e) {
            first.push_back(e.index());
            if (std::holds_alternative<firing_began>(e)) act(*all);
        });
        all->add([this](const event& e) {
            last.push_back(e.index());
            names.push_back(names_in(e));
        });
    }
};

const std::string long_name = "a name that no small string can hold within itself, so that it dies";

/** Tells of one event of each kind; what they refer to is gone afterwards. */
void tell_of_each(listeners& all)
{
    const auto run = std::make_unique<run_record>();
    run->chain = long_name;
    const auto j = std::make_unique<job>();
    j->name = long_name;
    attempt_record attempt;
    attempt.error = long_name;
    const job_record record{.job = long_name};
    all.tell(run_started{*run, *j, true});
    all.tell(job_started{*run, *j});
    all.tell(attempt_failed{*run, *j, attempt, 1s});
    all.tell(job_ended{*run, *j, record});
    all.tell(run_ended{*run, *j});
    all.tell(run_skipped{*j, {}, reason::shutdown, 2});
    all.tell(runs_missed{*j, {}, {}, 3, reason::shutdown});
    all.tell(clock_changed{1s});
    all.tell(circuit_change{.origin = long_name});
    all.tell(polling_began{*run, *j, long_name, 1s});
    all.tell(overlap_persists{*j, 3});
    all.tell(store_failed{});
    all.tell(store_recovered{1s});
    all.tell(progress_failed{*run, *j, {}});
    all.tell(record_failed{*run, {}});
}

} // namespace events_of_events

using namespace events_of_events;

BOOST_AUTO_TEST_SUITE(events_of_events)

BOOST_AUTO_TEST_CASE(each_listener_hears_of_them_in_the_same_order)
{
    two_listeners both([](listeners& all) {
        all.tell(clock_changed{1s});
        all.tell(store_failed{});
    });
    both.all->tell(firing_began{});
    both.all->tell(store_recovered{});
    const std::vector<std::size_t> expected{
        event(firing_began{}).index(), event(clock_changed{}).index(),
        event(store_failed{}).index(), event(store_recovered{}).index()};
    BOOST_TEST(both.first == expected, boost::test_tools::per_element());
    BOOST_TEST(both.last == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_waits_is_told_as_it_was)
{
    two_listeners at_once([](listeners&) {});
    tell_of_each(*at_once.all);
    two_listeners later([](listeners& all) { tell_of_each(all); });
    later.all->tell(firing_began{});
    BOOST_TEST(at_once.names.size() + 1 == std::variant_size_v<event>);
    later.names.erase(later.names.begin());
    later.last.erase(later.last.begin());
    BOOST_TEST(later.names == at_once.names, boost::test_tools::per_element());
    BOOST_TEST(later.last == at_once.last, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_event_of_an_event_of_an_event_comes_last)
{
    std::vector<int> told;
    const auto all = std::make_shared<listeners>();
    all->add([&](const event& e) {
        const auto* s = std::get_if<overlap_persists>(&e);
        if (s == nullptr || s->in_a_row > 3) return;
        const job j{.name = "a", .url = {}};
        all->tell(overlap_persists{j, s->in_a_row * 2});
        all->tell(overlap_persists{j, s->in_a_row * 2 + 1});
    });
    all->add([&](const event& e) { told.push_back(std::get<overlap_persists>(e).in_a_row); });
    all->tell(overlap_persists{job{.name = "a", .url = {}}, 1});
    BOOST_TEST(told == (std::vector<int>{1, 2, 3, 4, 5, 6, 7}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nobody_is_called_when_a_listener_has_ended_the_runner)
{
    two_listeners both([](listeners& all) {
        all.tell(clock_changed{1s});
        all.forget_all();
    });
    both.all->tell(firing_began{});
    BOOST_TEST(both.first.size() == 1U);
    BOOST_TEST(both.last.empty()); // it may refer to the runner
}

BOOST_AUTO_TEST_CASE(a_listener_may_throw_away_the_last_owner)
{
    auto all = std::make_shared<listeners>();
    int told = 0;
    all->add([&](const event& e) {
        ++told;
        if (!std::holds_alternative<firing_began>(e)) return;
        all->tell(clock_changed{1s});
        all.reset();
    });
    all->tell(firing_began{});
    BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(what_waits_is_dropped_where_a_listener_throws)
{
    two_listeners both([](listeners& all) {
        all.tell(clock_changed{1s});
        throw std::runtime_error("it must not");
    });
    BOOST_CHECK_THROW(both.all->tell(firing_began{}), std::runtime_error);
    both.all->tell(store_failed{});
    BOOST_TEST(
        both.last == std::vector{event(store_failed{}).index()}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
