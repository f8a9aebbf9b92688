#include "print.hpp"
#include <carillon/job/job_set.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace job_sets {

job make(std::string name, trigger t = {})
{
    return {.name = std::move(name), .trigger = std::move(t), .url = "http://localhost/"};
}

job waits(std::string name, std::vector<std::string> parents)
{
    after list;
    for (auto& p : parents) list.push_back({p, condition::succeeded});
    return make(std::move(name), std::move(list));
}

std::string problems_of(std::vector<job> jobs)
{
    const auto set = job_set::create(std::move(jobs));
    if (set) return "";
    std::string out;
    for (const problem& p : set.error().problems) out += p.job + "." + p.key + ": " + p.what + "\n";
    return out;
}

std::vector<std::string> names(const job_set& set, const std::vector<job_index>& list)
{
    std::vector<std::string> out;
    for (const job_index i : list) out.push_back(set[i].name);
    return out;
}

} // namespace job_sets

BOOST_AUTO_TEST_SUITE(job_sets)

BOOST_AUTO_TEST_CASE(chains_are_worked_out)
{
    const job_set set = job_set::create({waits("d", {"b", "c"}), make("a"), waits("c", {"a"}),
                                         waits("b", {"a"}), make("alone")})
                            .value();
    const auto of = [&](const char* name) { return set[set.chain_of(*set.find(name))].name; };
    BOOST_TEST(of("d") == "a");
    BOOST_TEST(of("b") == "a");
    BOOST_TEST(of("alone") == "alone");
    BOOST_TEST(!set.find("nobody"));
    BOOST_TEST(
        names(set, set.chain_from(*set.find("a"))) ==
            (std::vector<std::string>{"a", "c", "b", "d"}),
        test::per_element());
    BOOST_TEST(
        names(set, set.chain_from(*set.find("b"))) == (std::vector<std::string>{"b", "d"}),
        test::per_element());
    BOOST_TEST(
        names(set, set.chain_from(*set.find("alone"))) == std::vector<std::string>{"alone"},
        test::per_element());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_together_is_refused)
{
    BOOST_TEST(
        problems_of({waits("a", {"b"}), waits("b", {"c"}), waits("c", {"a"})}) ==
        "a.after: a cycle: a waits for b waits for c waits for a\n");
    BOOST_TEST(
        problems_of({make("x"), waits("tail", {"a"}), waits("b", {"a"}), waits("a", {"b"})}) ==
        "b.after: a cycle: b waits for a waits for b\n");
    BOOST_TEST(problems_of({waits("a", {"a"})}) == "a.after.a: a job cannot wait for itself\n");
    BOOST_TEST(
        problems_of({make("backup"), waits("b", {"bakup"})}) ==
        "b.after.bakup: there is no job 'bakup' (did you mean 'backup'?)\n");
    BOOST_TEST(problems_of({make("a"), waits("b", {"a", "a"})}) == "b.after.a: named twice\n");
    BOOST_TEST(problems_of({make("a"), waits("b", {})}) == "b.after: names no job\n");
    BOOST_TEST(problems_of({make("a"), make("a")}) == "a.name: another job has this name\n");
    BOOST_TEST(
        problems_of({make("a"), make("b"), waits("c", {"a", "b"})}) ==
        "c.after: its parents belong to two chains, 'a' and 'b'; all must stem from one first "
        "job\n");
}

BOOST_AUTO_TEST_CASE(all_that_does_not_fit_is_told_at_once)
{
    // Each of two cycles, also where one waits for the other, and a job beside them.
    BOOST_TEST(
        problems_of(
            {waits("a", {"b"}), waits("b", {"a"}), waits("c", {"d"}), waits("d", {"a", "c"})}) ==
        "a.after: a cycle: a waits for b waits for a\nc.after: a cycle: c waits for d waits for "
        "c\n");
    // Cycles with a job in common; those that share an edge are one until it is mended.
    BOOST_TEST(
        problems_of({waits("a", {"b", "c"}), waits("b", {"a"}), waits("c", {"a"})}) ==
        "a.after: a cycle: a waits for b waits for a\na.after: a cycle: a waits for c waits for "
        "a\n");
    job spoilt = make("x");
    spoilt.timeout = 0s;
    BOOST_TEST(
        problems_of(
            {spoilt, waits("a", {"b", "nobody"}), waits("b", {"a"}), make("y"),
             waits("c", {"x", "y"})}) ==
        "x.timeout: must be longer than 0\na.after.nobody: there is no job 'nobody'\nc.after: its "
        "parents belong to two chains, 'x' and 'y'; all must stem from one first job\na.after: a "
        "cycle: a waits for b waits for a\n");
    // Whoever misses a parent is not told that it begins a chain of its own.
    BOOST_TEST(
        problems_of({make("a"), waits("b", {"nobody"}), waits("c", {"a", "b"})}) ==
        "b.after.nobody: there is no job 'nobody'\n");
}

BOOST_AUTO_TEST_CASE(very_many_unknown_names_are_told_in_time)
{
    std::vector<job> jobs;
    for (int i = 0; i < 6000; ++i)
        jobs.push_back(waits("job-" + std::to_string(i), {"jub-" + std::to_string(i)}));
    const auto set = job_set::create(std::move(jobs));
    BOOST_REQUIRE(set.has_error());
    BOOST_TEST(set.error().problems.size() == 6000U);
    BOOST_TEST(set.error().problems[0].what == "there is no job 'jub-0' (did you mean 'job-0'?)");
}

BOOST_AUTO_TEST_CASE(a_very_long_cycle_is_told_in_time)
{
    constexpr int n = 100'000;
    std::vector<job> jobs;
    for (int i = 0; i < n; ++i)
        jobs.push_back(waits(std::to_string(i), {std::to_string((i + 1) % n)}));
    const auto set = job_set::create(std::move(jobs));
    BOOST_REQUIRE(set.has_error());
    BOOST_TEST(set.error().problems.size() == 1U);
}

BOOST_AUTO_TEST_CASE(each_job_is_inspected)
{
    struct row {
        const char* expected;
        std::function<void(job&)> spoil;
    };
    const std::vector<row> rows{
        {"name: a job's name holds only", [](job& j) { j.name = "a b"; }},
        {"name: a job needs a name", [](job& j) { j.name = ""; }},
        {"url: a job needs a url", [](job& j) { j.url = ""; }},
        {"url: the scheme must be http or https", [](job& j) { j.url = "ftp://x/"; }},
        {"method: not an HTTP method", [](job& j) { j.method = "PO ST"; }},
        {"method: CONNECT cannot be sent", [](job& j) { j.method = "CONNECT"; }},
        {"timeout: must be longer than 0", [](job& j) { j.timeout = 0s; }},
        {"connect_timeout: must be longer than 0", [](job& j) { j.connect_timeout = 0s; }},
        {"deadline: must be longer than 0", [](job& j) { j.deadline = -1s; }},
        {"headers.Host: carillon sets this header itself",
         [](job& j) { j.headers = std::vector<header>{{"Host", "x"}}; }},
        {"headers.carillon-run: carillon sets",
         [](job& j) { j.headers = std::vector<header>{{"carillon-run", "x"}}; }},
        {"headers.idempotency-key: carillon sets",
         [](job& j) { j.headers = std::vector<header>{{"idempotency-key", "x"}}; }},
        {"headers.a b: not a header name",
         [](job& j) { j.headers = std::vector<header>{{"a b", "x"}}; }},
        {"headers.X: a header's value cannot hold",
         [](job& j) { j.headers = std::vector<header>{{"X", "a\r\nB: c"}}; }},
        {"retry.attempts: must be from 1 to 1000",
         [](job& j) { j.retry = retry_policy{.attempts = 0}; }},
        {"retry.backoff: 1min is longer than max_backoff (30s)",
         [](job& j) { j.retry = retry_policy{.backoff = 1min}; }},
        {"retry.multiplier: must be from 1",
         [](job& j) { j.retry = retry_policy{.multiplier = 0.5}; }},
        {"expect.status: an HTTP status is from 100 to 599",
         [](job& j) { j.expect = expectation{.status = {{99, 99}}}; }},
        {"expect.status: at least one", [](job& j) { j.expect = expectation{.status = {}}; }},
        {"expect.json.status: a JSON pointer begins",
         [](job& j) { j.expect = expectation{.json = {{"status", {1}}}}; }},
        {"expect.json./a: at least one value",
         [](job& j) { j.expect = expectation{.json = {{"/a", {}}}}; }},
        {"expect.json./a: has either values or bounds, not both",
         [](job& j) { j.expect = expectation{.json = {{"/a", {1}, 1}}}; }},
        {"expect.json./a.min: must be a number",
         [](job& j) { j.expect = expectation{.json = {{"/a", {}, "1", 2}}}; }},
        {"expect.json./a.max: must be a number",
         [](job& j) { j.expect = expectation{.json = {{"/a", {}, 1, std::nan("")}}}; }},
        {"expect.json./a.min: 9007199254740993 is larger than max (9007199254740992.0)",
         [](job& j) {
             j.expect = expectation{.json = {{"/a", {}, 9007199254740993, 9007199254740992.0}}};
         }},
        {"expect.max_body: must be larger",
         [](job& j) { j.expect = expectation{.max_body_bytes = 0}; }},
        {"message: a JSON pointer begins", [](job& j) { j.message = "message"; }},
        {"schedule: needs every, cron, calendar, at, on_boot or on_start",
         [](job& j) { j.trigger = schedule{}; }},
        {"schedule.every: must be at least 100ms",
         [](job& j) { j.trigger = schedule{.every = 99ms}; }},
        {"schedule.on_start: either on_boot",
         [](job& j) { j.trigger = schedule{.on_boot = 1s, .on_start = 1s}; }},
        {"schedule.accuracy: cannot be negative",
         [](job& j) { j.trigger = schedule{.every = 1s, .accuracy = -1s}; }},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.expected)
        {
            job j = make("a");
            BOOST_REQUIRE(find_problems(j).empty());
            r.spoil(j);
            const auto found = find_problems(j);
            BOOST_REQUIRE_EQUAL(found.size(), 1U);
            const std::string text = found[0].key + ": " + found[0].what;
            BOOST_TEST(text.starts_with(r.expected), text);
        }
    }
}

BOOST_AUTO_TEST_CASE(secrets_are_collected_from_headers_and_urls)
{
    job j = make("a");
    j.url = "http://u:pass-word@localhost/";
    j.headers = std::vector<header>{
        {"x-api-key", "key-in-header"},
        {"Accept", "application/json"},
        {"authorization", "Bearer of-good-news"}};
    masker more;
    more.add("from-a-file");
    const job_set set = job_set::create({j}, more).value();
    BOOST_TEST(
        set.secrets().hide("pass-word key-in-header application/json from-a-file of-good-news") ==
        "*** *** application/json *** ***");
}

BOOST_AUTO_TEST_SUITE_END()
