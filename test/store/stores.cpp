// What holds for every store: the same cases for each of them.

#include "store/store_user.hpp"
#include "temporary_folder.hpp"
#include <carillon/store/memory_store.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace all_stores {

/** Makes stores that share one memory, each as another process would have it. */
struct in_memory {
    std::unique_ptr<store> connect(asio::io_context& ctx)
    {
        if (!memory) memory.emplace(ctx.get_executor(), memory_store_options{.keep_runs = 100});
        return std::make_unique<memory_store>(ctx.get_executor(), *memory);
    }

    std::unique_ptr<store_reader> look() const { return memory->open_reader(); }

    std::optional<memory_store> memory;
};

struct in_sqlite {
    std::unique_ptr<store> connect(asio::io_context& ctx)
    {
        return std::make_unique<sqlite_store>(
            ctx.get_executor(),
            sqlite_store_options{.path = folder / "carillon.db", .is_daemon = false});
    }

    std::unique_ptr<store_reader> look() const
    {
        return std::make_unique<sqlite_store_reader>(folder / "carillon.db");
    }

    temporary_folder folder;
};

using stores = boost::mpl::list<in_memory, in_sqlite>;

template <class Stores>
struct world {
    asio::io_context ctx;
    Stores shared;

    user connect() { return {ctx, shared.connect(ctx)}; }
};

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

} // namespace all_stores

BOOST_AUTO_TEST_SUITE(all_stores)

BOOST_AUTO_TEST_CASE_TEMPLATE(an_occurrence_is_won_once, Stores, stores)
{
    world<Stores> w;
    user a = w.connect();
    const auto claims =
        a.ask({fresh("b", t0), fresh("a", t0), fresh("b", t0), fresh("b", t0 + 1us)});
    BOOST_TEST(claims.at(0).won);
    BOOST_TEST(claims.at(1).won);
    BOOST_TEST(!claims.at(2).won);
    BOOST_TEST(claims.at(3).won);
    BOOST_TEST(!w.connect().ask({fresh("a", t0)}).at(0).won);
    a.end("a", t0);
    BOOST_TEST(!a.ask({fresh("a", t0)}).at(0).won); // nor after its end
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fences_grow_and_never_fall_behind_the_clock, Stores, stores)
{
    world<Stores> w;
    std::vector<std::int64_t> fences;
    const auto claim = [&](instant at, instant now) {
        user u = w.connect(); // also from one process to the next
        fences.push_back(u.ask({fresh("a", at)}, now).at(0).fence);
    };
    claim(t0, t0);
    claim(t0 + 1s, t0);
    claim(t0 + 2s, t0 - 1h);
    claim(t0 + 3s, t0 + 1h);
    BOOST_TEST(fences.at(0) == t0.time_since_epoch().count());
    BOOST_TEST(fences.at(1) == fences.at(0) + 1);
    BOOST_TEST(fences.at(2) == fences.at(1) + 1);
    BOOST_TEST(fences.at(3) == (t0 + 1h).time_since_epoch().count());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_told_of_jobs_is_remembered, Stores, stores)
{
    world<Stores> w;
    const job_memory whole{
        .job = "a",
        .schedule = 0xFEDC'BA98'7654'3210,
        .next = t0 + 1s,
        .boot = id_of(7),
        .origin = 5min,
        .anchor = t0 - 1s,
        .enabled = false,
        .paused = true,
        .owed =
            {{.ticks = {.anchor = t0, .every = 1s}, .from = t0, .to = t0 + 3s, .count = 4},
             {.from = t0 + 5s, .to = t0 + 5s, .count = 1}},
        .used = {
            {.ticks = {.anchor = t0, .every = 1s}, .from = t0 - 9s, .to = t0, .times = 2},
            {.ticks = any_time, .from = t0, .to = t0 + 5s}}};
    {
        user u = w.connect();
        u.tell({.memories = {{.job = "c", .next = t0}, {.job = "a", .next = t0}}});
        u.tell({.memories = {{.job = "b"}, whole}});
        u.tell({.forgotten = {"c", "nobody"}});
    }
    std::vector<job_memory> loaded = w.connect().load().memories;
    std::sort(loaded.begin(), loaded.end(), [](const job_memory& a, const job_memory& b) {
        return a.job < b.job;
    });
    BOOST_TEST(loaded == (std::vector<job_memory>{whole, {.job = "b"}}), per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_process_leaves_open_is_the_next_ones, Stores, stores)
{
    world<Stores> w;
    user alive = w.connect();
    {
        user dead = w.connect();
        claim_request r = fresh("b", t0, 1);
        r.trigger = run_trigger::catch_up;
        r.due = t0 + 1s;
        dead.ask({r});
        claim_request once = fresh("a", t0, 2);
        once.recovers = false;
        dead.ask({once});
        dead.ask({fresh("ended", t0, 3)});
        dead.end("ended", t0, 3);
        BOOST_TEST(alive.load().crashed.empty());
    }
    user next = w.connect();
    const auto found = next.load().crashed;
    BOOST_REQUIRE_EQUAL(found.size(), 2U);
    BOOST_TEST(found[0].run.chain == "b"); // the earlier claim
    BOOST_TEST(found[0].run.id == id_of(1));
    BOOST_TEST(found[0].run.trigger == run_trigger::catch_up);
    BOOST_TEST(found[0].due == t0 + 1s);
    BOOST_TEST(found[0].run.started_at >= t0 + 1s); // its claim, not before it was due
    BOOST_TEST(found[0].recovers);
    BOOST_TEST(!found[1].recovers);
    BOOST_TEST(!found[0].run.outcome);

    claim_request mine = fresh("b", t0, 1);
    mine.what = claim_request::kind::recovered;
    const auto won = next.ask({mine}, t0 + 1h).at(0);
    BOOST_TEST(won.won);
    BOOST_TEST(won.fence > found[0].run.fence);
    BOOST_TEST(!alive.ask({mine}).at(0).won); // nobody else's any more
    BOOST_TEST(next.load().crashed.size() == 1U);
    mine.chain = "never";
    BOOST_TEST(!next.ask({mine}).at(0).won);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(how_far_a_run_is_outlives_the_process, Stores, stores)
{
    world<Stores> w;
    job_record done{.job = "first", .outcome = outcome::completed};
    done.status = "completed";
    done.message = "an \"odd\" one: \xC3\xA9";
    done.attempts = {
        {.attempt = 1,
         .started_at = t0 + 123456us,
         .latency = 1234567us,
         .outcome = outcome::timed_out,
         .phase = phase::connect,
         .phase_time = 5ms,
         .error = "timed out"},
        {.attempt = 2, .started_at = t0 + 2s, .outcome = outcome::completed, .http_status = 200}};
    done.values = {{"/id", "17"}, {"/a~1b", R"("text")"}};
    job_record going{
        .job = "second",
    };
    going.may_be_sent = true;
    going.polled = "http://localhost/status/1";
    {
        user dead = w.connect();
        dead.ask({fresh("first", t0, 1)});
        dead.save(1, {.job = "first", .may_be_sent = true});
        dead.save(1, done);
        dead.save(1, going);
        dead.save(99, going); // of a run that nobody claimed
    }
    user next = w.connect();
    const auto found = next.load().crashed;
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    auto jobs = found[0].run.jobs;
    BOOST_REQUIRE_EQUAL(jobs.size(), 2U);
    BOOST_TEST(jobs[0].outcome == outcome::completed);
    BOOST_TEST(jobs[0].message == done.message);
    BOOST_TEST(jobs[0].status == done.status);
    BOOST_TEST(!jobs[0].may_be_sent);
    BOOST_REQUIRE_EQUAL(jobs[0].attempts.size(), 2U);
    const attempt_record& first = jobs[0].attempts[0];
    BOOST_TEST(first.started_at == done.attempts[0].started_at);
    BOOST_TEST(first.latency == done.attempts[0].latency);
    BOOST_TEST(first.outcome == outcome::timed_out);
    BOOST_TEST(first.phase == phase::connect);
    BOOST_TEST(first.phase_time == 5ms);
    BOOST_TEST(first.error == "timed out");
    BOOST_TEST(jobs[0].attempts[1].http_status == 200);
    BOOST_REQUIRE_EQUAL(jobs[0].values.size(), 2U);
    BOOST_TEST(jobs[0].values[0].pointer == "/id");
    BOOST_TEST(jobs[0].values[0].value == "17");
    BOOST_TEST(!jobs[1].outcome);
    BOOST_TEST(jobs[1].may_be_sent);
    BOOST_TEST(jobs[1].polled == going.polled);

    next.end("first", t0, 1);
    BOOST_TEST(next.load().crashed.empty());
    BOOST_TEST(next.find({}).entries.size() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_ended_run_is_taken_up_again_by_one, Stores, stores)
{
    world<Stores> w;
    user u = w.connect();
    u.ask({fresh("a", t0, 1)});
    run_record failed;
    failed.id = id_of(1);
    failed.chain = "a";
    failed.scheduled_at = t0;
    failed.outcome = outcome::failed;
    failed.jobs.emplace_back().job = "a";
    failed.jobs[0].outcome = outcome::failed;
    u.record(failed);

    claim_request again = fresh("a", t0, 1);
    again.trigger = run_trigger::retry;
    again.what = claim_request::kind::retried;
    claim_request unknown = again;
    unknown.run = id_of(2);
    BOOST_TEST(!u.ask({unknown}).at(0).won);
    BOOST_TEST(u.ask({again}).at(0).won);
    BOOST_TEST(!u.ask({again}).at(0).won);
    BOOST_TEST(!u.find_run(1)->outcome); // it goes
    u.end("a", t0, 1);
    BOOST_TEST(u.find_run(1)->outcome == outcome::completed);
    BOOST_TEST(u.find({}).entries.size() == 1U); // in place of its earlier end
}

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
