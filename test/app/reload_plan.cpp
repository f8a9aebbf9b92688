#include "plan/reload_plan.hpp"

#include "print.hpp"
#include <carillon/time/timestamp.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;
using boost::unit_test::data::make;
using boost::unit_test::data::xrange;

namespace plans_of_reloads {

const instant now = *parse_instant("2026-03-03T12:00:00Z");
const time_origins origins{.boot = now - 10h, .start = now};

job due(const std::string& name, schedule s)
{
    return {.name = name, .trigger = std::move(s), .url = "http://h/" + name};
}

job due_every(const std::string& name, microseconds every) { return due(name, {.every = every}); }

configuration with(std::vector<job> jobs)
{
    configuration out;
    out.jobs = job_set::create(std::move(jobs)).value();
    return out;
}

reload_plan plan(const configuration& before, const configuration& after)
{
    return plan_reload(
        {std::make_shared<const job_set>(before.jobs), keys_of(before)}, after, origins, now);
}

reload_plan plan(std::vector<job> before, std::vector<job> after)
{
    return plan(with(std::move(before)), with(std::move(after)));
}

/** Each changes one thing of a job, and the key that has to tell of it. */
const std::vector<std::pair<std::string, std::function<void(job&)>>> changes{
    {"title", [](job& j) { j.title = "another"; }},
    {"description", [](job& j) { j.description = "another"; }},
    {"tags", [](job& j) { j.tags = {"one"}; }},
    {"enabled", [](job& j) { j.enabled = false; }},
    {"overlap", [](job& j) { j.overlap = overlap_policy::queue; }},
    {"delivery", [](job& j) { j.delivery = delivery_policy::at_most_once; }},
    {"schedule", [](job& j) { j.trigger = schedule{.every = 2h}; }},
    {"schedule", [](job& j) { j.trigger = schedule{.every = 1h, .jitter = 1min}; }},
    {"schedule", [](job& j) { j.trigger = schedule{.every = 1h, .accuracy = 1min}; }},
    {"schedule",
     [](job& j) { j.trigger = schedule{.every = 1h, .catch_up = catch_up_policy::none}; }},
    {"schedule", [](job& j) { j.trigger = schedule{.every = 1h, .catch_up_window = 1h}; }},
    {"schedule", [](job& j) { j.trigger = schedule{.every = 1h, .end = now + 1000h}; }},
    {"schedule.dst", [](job& j) { j.trigger = schedule{.every = 1h, .dst = dst_policy::skip}; }},
    {"url", [](job& j) { j.url = "http://h/other"; }},
    {"method", [](job& j) { j.method = "PUT"; }},
    {"headers.X-A", [](job& j) { j.headers = {{{"X-A", secret("1")}}}; }},
    {"body", [](job& j) { j.body = "text"; }},
    {"auth.bearer", [](job& j) { j.auth = authentication(bearer_auth{secret("token")}); }},
    {"auth.basic.password",
     [](job& j) { j.auth = authentication(basic_auth{"me", secret("word")}); }},
    {"auth.hmac.key", [](job& j) { j.auth = authentication(hmac_auth{secret("key")}); }},
    {"tls.verify", [](job& j) { j.route = route{.tls = {.verify = false}}; }},
    {"tls.ca_file", [](job& j) { j.route = route{.tls = {.ca_file = "/ca"}}; }},
    {"unix_socket", [](job& j) { j.route = route{.unix_socket = "/s"}; }},
    {"proxy", [](job& j) { j.route = route{.proxy = secret("http://proxy:1")}; }},
    {"redirects", [](job& j) { j.route = route{.redirects = 3}; }},
    {"timeout", [](job& j) { j.timeout = 30s; }},
    {"connect_timeout", [](job& j) { j.connect_timeout = 3s; }},
    {"deadline", [](job& j) { j.deadline = 3min; }},
    {"retry.attempts", [](job& j) { j.retry = retry_policy{.attempts = 3}; }},
    {"retry.backoff", [](job& j) { j.retry = retry_policy{.backoff = 2s}; }},
    {"retry.max_backoff", [](job& j) { j.retry = retry_policy{.max_backoff = 2min}; }},
    {"retry.multiplier", [](job& j) { j.retry = retry_policy{.multiplier = 3}; }},
    {"retry.jitter", [](job& j) { j.retry = retry_policy{.jitter = jitter::none}; }},
    {"retry.on", [](job& j) { j.retry = retry_policy{.on = {.timed_out = false}}; }},
    {"expect.status", [](job& j) { j.expect = expectation{.status = {{200, 200}}}; }},
    {"expect.json./status",
     [](job& j) { j.expect = expectation{.json = {{"/status", {std::string("ok")}}}}; }},
    {"expect.json./n",
     [](job& j) {
         json_check check{.pointer = "/n"};
         check.min = std::int64_t{1};
         j.expect = expectation{.json = {check}};
     }},
    {"expect.max_body", [](job& j) { j.expect = expectation{.max_body_bytes = 100}; }},
    {"poll.every", [](job& j) { j.poll = std::optional(poll_policy{.every = 2s}); }},
    {"message", [](job& j) { j.message = "/text"; }},
};

std::string told(const reload_plan& p) { return in_words(p); }

} // namespace plans_of_reloads

BOOST_AUTO_TEST_SUITE(reload_plans)

using namespace plans_of_reloads;

BOOST_AUTO_TEST_CASE(the_same_configuration_changes_nothing)
{
    const reload_plan p = plan({due_every("a", 1h)}, {due_every("a", 1h)});
    BOOST_TEST(p.empty());
    BOOST_TEST(p.instants.empty());
    BOOST_TEST(told(p) == "nothing has changed");
}

BOOST_DATA_TEST_CASE(each_change_of_a_job_is_told_by_its_key, xrange(changes.size()), i)
{
    const job before = due_every("a", 1h);
    job after = before;
    changes[i].second(after);
    const reload_plan p = plan({before}, {after});
    BOOST_TEST(p.changed == std::vector<std::string>{"a"}, boost::test_tools::per_element());
    std::vector<std::string> keys;
    for (const key_change& c : p.keys) keys.push_back(c.key);
    BOOST_TEST(
        (std::find(keys.begin(), keys.end(), "jobs.a." + changes[i].first) != keys.end()),
        changes[i].first);
}

BOOST_AUTO_TEST_CASE(the_tables_without_jobs_are_told_first)
{
    configuration before = with({due_every("a", 1h)});
    configuration after = with({due_every("a", 2h)});
    after.max_concurrent = 10;
    after.store.limits.keep = 24h;
    after.sinks = {{.format = log_format::json}};
    const reload_plan p = plan(before, after);
    BOOST_REQUIRE_EQUAL(p.keys.size(), 4U);
    BOOST_TEST((p.keys[0] == key_change{"log.sinks", std::nullopt, "console json info"}));
    BOOST_TEST((p.keys[1] == key_change{"runner.max_concurrent", "1000", "10"}));
    BOOST_TEST((p.keys[2] == key_change{"store.keep", "30d", "1d"}));
    BOOST_TEST((p.keys[3] == key_change{"jobs.a.schedule", "every 1h", "every 2h"}));
}

BOOST_AUTO_TEST_CASE(what_may_be_secret_is_told_and_not_shown)
{
    job before = due_every("a", 1h);
    before.url = "http://me:password1@h/?token=old1&x=1";
    before.headers = {
        {{"X-Vault", secret("one")},
         {"Accept", secret("*/*")},
         {"Prefer", secret("has one23 in")}}};
    before.body = R"({"password":"abc"})";
    before.route = route{.proxy = secret("me:abc@proxy:3128")};
    before.auth = authentication(bearer_auth{secret("one23")});
    job after = before;
    after.url = "http://me:password2@h/other?token=new1&x=1";
    after.headers = {
        {{"X-Vault", secret("two")},
         {"Accept", secret("text/*")},
         {"Prefer", secret("has two34 in")}}};
    after.body = R"({"password":"abcd"})";
    after.route = route{.proxy = secret("me:abd@proxy:3128")};
    after.auth = authentication(bearer_auth{secret("two34")});
    masker known;
    known.add("one23");
    known.add("two34");
    configuration from;
    configuration to;
    from.jobs = job_set::create({before}, known).value();
    to.jobs = job_set::create({after}, known).value();
    const reload_plan p = plan(from, to);
    BOOST_REQUIRE_EQUAL(p.keys.size(), 7U);
    BOOST_TEST((p.keys[0] == key_change{"jobs.a.auth.bearer", "***", "***"}));
    BOOST_TEST((p.keys[1] == key_change{"jobs.a.body", "18 bytes", "19 bytes"}));
    BOOST_TEST((p.keys[2] == key_change{"jobs.a.headers.Accept", "*/*", "text/*"}));
    BOOST_TEST((p.keys[3] == key_change{"jobs.a.headers.Prefer", "has *** in", "has *** in"}));
    BOOST_TEST((p.keys[4] == key_change{"jobs.a.headers.X-Vault", "***", "***"}));
    BOOST_TEST((p.keys[5] == key_change{"jobs.a.proxy", "***", "***"}));
    BOOST_TEST((p.keys[6] == key_change{"jobs.a.url", "http://h/?***", "http://h/other?***"}));
}

BOOST_AUTO_TEST_CASE(instants_appear_vanish_and_move)
{
    const reload_plan p = plan(
        {due_every("gone", 6h), due_every("faster", 6h), due("moved", {.at = {now + 1h}})},
        {due("moved", {.at = {now + 2h}}), due_every("faster", 3h), due_every("new", 12h)});
    BOOST_TEST(p.added == std::vector<std::string>{"new"}, boost::test_tools::per_element());
    BOOST_TEST(p.removed == std::vector<std::string>{"gone"}, boost::test_tools::per_element());
    using enum instant_change::kind;
    BOOST_TEST(p.instants.appear == 4 + 2); // of eight that are due each 3 h four were there
    BOOST_TEST(p.instants.vanish == 4);
    BOOST_TEST(p.instants.move == 1);
    BOOST_REQUIRE_EQUAL(p.instants.list.size(), 11U);
    BOOST_TEST((p.instants.list[0] == instant_change{moves, "moved", now + 2h, now + 1h}));
    BOOST_TEST((p.instants.list[1] == instant_change{appears, "faster", now + 3h}));
    BOOST_TEST((p.instants.list[5] == instant_change{appears, "new", now + 12h}));
    BOOST_TEST((p.instants.list[7] == instant_change{vanishes, "gone", now + 6h}));
    BOOST_TEST(
        told(p) ==
        "added: new; removed: gone; changed: moved, faster; jobs.moved.schedule at "
        "2026-03-03T13:00:00Z -> at 2026-03-03T14:00:00Z, jobs.faster.schedule every 6h -> every "
        "3h; in the coming day 6 instants appear, 4 instants vanish, 1 instant moves");
}

BOOST_AUTO_TEST_CASE(a_job_that_is_switched_off_is_due_no_more)
{
    job off = due_every("a", 6h);
    off.enabled = false;
    const reload_plan p = plan({due_every("a", 6h)}, {off});
    BOOST_TEST(p.instants.vanish == 4);
    BOOST_TEST(plan({off}, {off}).empty());
    BOOST_TEST(plan({off}, {due_every("a", 6h)}).instants.appear == 4);
}

BOOST_AUTO_TEST_CASE(the_busiest_second_is_told_where_it_is_another)
{
    const reload_plan p = plan(
        {due_every("a", 6h), due_every("b", 6h)},
        {due_every("a", 6h), due_every("b", 6h), due_every("c", 6h)});
    BOOST_TEST(p.crowded_before->runs == 2);
    BOOST_TEST(p.crowded_after->runs == 3);
    BOOST_TEST(told(p).ends_with("; its busiest second has 3 runs due (2 before)"));
}

BOOST_AUTO_TEST_CASE(much_is_counted_and_not_listed)
{
    std::vector<job> before;
    std::vector<job> after;
    for (int i = 0; i < 2000; ++i) {
        before.push_back(due_every("j" + std::to_string(i), 1min));
        after.push_back(due_every("j" + std::to_string(i), 2min));
    }
    const reload_plan p = plan(std::move(before), std::move(after));
    BOOST_TEST(p.keys.size() == reload_plan::listed_keys);
    BOOST_TEST(p.left_out_keys == 1000U);
    BOOST_TEST(p.instants.list.size() == instant_changes::listed);
    BOOST_TEST(p.instants.vanish > 2000 * 700);
    const std::string words = told(p);
    BOOST_TEST(words.starts_with("changed: j0, j1, j2, j3, j4 and 1995 others; "), words);
    BOOST_TEST(words.find(" and 1992 others; in the coming day ") != std::string::npos, words);
    BOOST_TEST(words.size() < 1000U);
}

BOOST_AUTO_TEST_CASE(a_long_value_is_told_in_part)
{
    job before = due_every("a", 1h);
    job after = before;
    after.title = std::string(59, 'x') + "\xC3\xA9" + std::string(1000, 'y');
    const std::string words = told(plan({before}, {after}));
    BOOST_TEST(words == "changed: a; jobs.a.title nothing -> " + std::string(59, 'x') + "...");
}

BOOST_AUTO_TEST_SUITE_END()
