// What holds for every store: how what has ended, was missed, or runs is found again.

#include "store/all_stores.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

using namespace carillon;
using namespace carillon::test;
using namespace carillon::test::all_stores;
using namespace std::chrono_literals;

namespace histories_of_all_stores {

std::vector<std::string> names(const history_page& page)
{
    std::vector<std::string> out;
    for (const history_entry& e : page.entries)
        std::visit(
            [&](const auto& what) {
                using what_type = std::decay_t<decltype(what)>;
                out.push_back(
                    what.chain + (std::is_same_v<what_type, missed_record> ? " missed" : ""));
            },
            e.what);
    return out;
}

using strings = std::vector<std::string>;

} // namespace histories_of_all_stores

BOOST_AUTO_TEST_SUITE(histories_of_all_stores)

BOOST_AUTO_TEST_CASE_TEMPLATE(history_is_found_by_chain_outcome_time_and_page, Stores, stores)
{
    world<Stores> w;
    user u = w.connect();
    u.end("a", t0, 1);
    u.end("b", t0, 2, outcome::failed);
    u.tell(
        {.missed = {{"a", t0, t0 + 9s, 10, reason::window}, {"b", t0, t0, 1, reason::overlap}}},
        t0 + 1h);
    u.end("a", t0 + 2h, 3);
    BOOST_TEST(
        names(u.find({})) == (strings{"a", "b missed", "a missed", "b", "a"}), per_element());
    BOOST_TEST(names(u.find({.chains = {"a"}})) == (strings{"a", "a missed", "a"}), per_element());
    BOOST_TEST(
        names(u.find({.chains = {"a", "b"}, .outcome = "failed"})) == strings{"b"}, per_element());
    BOOST_TEST(names(u.find({.outcome = "missed"})) == strings{"a missed"}, per_element());
    BOOST_TEST(names(u.find({.outcome = "skipped"})) == strings{"b missed"}, per_element());
    BOOST_TEST(
        names(u.find({.since = t0 + 1h})) == (strings{"a", "b missed", "a missed"}), per_element());
    const auto page = u.find({.limit = 2});
    BOOST_TEST(names(page) == (strings{"a", "b missed"}), per_element());
    BOOST_REQUIRE(page.next);
    u.end("c", t0 + 3h, 4); // what comes since does not move the next page
    BOOST_TEST(
        names(u.find({.before = page.next})) == (strings{"a missed", "b", "a"}), per_element());
    BOOST_TEST(!u.find({.before = page.next}).next);
    const auto missed = std::get<missed_record>(u.find({.outcome = "missed"}).entries.at(0).what);
    BOOST_TEST(missed == (missed_record{"a", t0, t0 + 9s, 10, reason::window}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_run_comes_back_as_it_was_recorded, Stores, stores)
{
    world<Stores> w;
    user u = w.connect();
    run_record r;
    r.id = id_of(9);
    r.chain = "a";
    r.scheduled_at = t0 + 1us;
    r.trigger = run_trigger::catch_up;
    r.outcome = outcome::interrupted;
    r.reason = reason::window;
    r.started_at = t0 + 2us;
    r.ended_at = t0 + 3us;
    r.lateness = 4us;
    r.fence = 5;
    r.jobs.emplace_back().job = "a";
    r.jobs[0].outcome = outcome::interrupted;
    r.jobs[0].reason = reason::window;
    u.record(r);
    const auto found = u.find_run(9);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->id == r.id);
    BOOST_TEST(found->chain == "a");
    BOOST_TEST(found->scheduled_at == r.scheduled_at);
    BOOST_TEST(found->trigger == r.trigger);
    BOOST_TEST(found->outcome == r.outcome);
    BOOST_TEST(found->reason == r.reason);
    BOOST_TEST(found->started_at == r.started_at);
    BOOST_TEST(found->ended_at == r.ended_at);
    BOOST_TEST(found->lateness == r.lateness);
    BOOST_TEST(found->fence == 5);
    BOOST_REQUIRE_EQUAL(found->jobs.size(), 1U);
    BOOST_TEST(found->jobs[0].reason == reason::window);
    BOOST_TEST(!u.find_run(10));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reader_tells_what_is_running_from_what_was_cut_off, Stores, stores)
{
    world<Stores> w;
    user alive = w.connect();
    const auto look = w.shared.look();
    BOOST_TEST(look->open_runs().empty());
    {
        user dead = w.connect();
        dead.ask({fresh("b", t0, 1)});
        dead.save(1, {.job = "b"});
        alive.ask({fresh("a", t0, 2)});
    }
    const auto found = look->open_runs();
    BOOST_REQUIRE_EQUAL(found.size(), 2U);
    BOOST_TEST(found[0].open.run.id == id_of(1)); // the earlier claim
    BOOST_TEST(!found[0].is_running);
    BOOST_TEST(found[0].open.run.jobs.size() == 1U);
    BOOST_TEST(found[1].open.run.id == id_of(2));
    BOOST_TEST(found[1].is_running);
    BOOST_TEST(look->find_run(id_of(1))->reason == reason::crash);
    BOOST_TEST(!look->find_run(id_of(2))->reason);
    BOOST_TEST(!look->find_run(id_of(3)));
    BOOST_TEST(alive.load().crashed.size() == 1U); // a look takes nothing
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reader_finds_runs_by_chain_and_by_id, Stores, stores)
{
    world<Stores> w;
    user u = w.connect();
    const auto look = w.shared.look();
    u.end("a", t0 + 2h, 1); // as by a clock that was wrong
    u.end("a", t0, 2);
    u.end("a", t0 + 1h, 3);
    u.end("b", t0, 4);
    u.tell(
        {.claims = {fresh("a", t0 + 3h, 5)},
         .missed = {{"a", t0 + 9s, t0 + 9s, 1, reason::window}},
         .memories = {{.job = "a", .next = t0 + 4h}}});
    const auto latest = look->latest_runs({"b", "nobody", "a"}, 2);
    BOOST_REQUIRE_EQUAL(latest.size(), 3U);
    BOOST_REQUIRE_EQUAL(latest[0].size(), 1U);
    BOOST_TEST(latest[0][0].id == id_of(4));
    BOOST_TEST(latest[1].empty());
    BOOST_REQUIRE_EQUAL(latest[2].size(), 2U);
    BOOST_TEST(latest[2][0].id == id_of(3));
    BOOST_TEST(latest[2][1].id == id_of(2));

    const auto entries = look->latest_entries({"b", "nobody", "a"}, 3);
    BOOST_REQUIRE_EQUAL(entries.size(), 3U);
    BOOST_REQUIRE_EQUAL(entries[0].size(), 1U);
    BOOST_TEST(entries[1].empty());
    BOOST_REQUIRE_EQUAL(entries[2].size(), 3U);
    BOOST_TEST(
        (std::get<missed_record>(entries[2][0].what) ==
         missed_record{"a", t0 + 9s, t0 + 9s, 1, reason::window}));
    BOOST_TEST(std::get<run_record>(entries[2][1].what).id == id_of(3));
    BOOST_TEST(std::get<run_record>(entries[2][2].what).id == id_of(2));
    BOOST_TEST(entries[2][0].cursor > entries[2][1].cursor);

    using ids = std::vector<run_id>;
    const ids four{id_of(2), id_of(3), id_of(4), id_of(5)};
    BOOST_TEST((look->find_ids(id_of(2), id_of(5), 9) == four));
    BOOST_TEST((look->find_ids(id_of(2), id_of(5), 1) == ids{id_of(2)}));
    BOOST_TEST(look->find_ids(id_of(6), id_of(9), 1).empty());
    BOOST_TEST(names(look->find({.chains = {"b"}})) == strings{"b"}, test::per_element());
    BOOST_TEST(
        look->memories() == (std::vector<job_memory>{{.job = "a", .next = t0 + 4h}}),
        test::per_element());
    BOOST_TEST(!look->has_daemon());
}

BOOST_AUTO_TEST_SUITE_END()
