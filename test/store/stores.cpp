// What holds for every store: claims, what jobs remember, and runs that a process leaves open.

#include "store/all_stores.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace carillon;
using namespace carillon::test;
using namespace carillon::test::all_stores;
using namespace std::chrono_literals;

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
        .backlog =
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

BOOST_AUTO_TEST_SUITE_END()
