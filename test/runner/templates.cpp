#include "print.hpp"
#include "runner/simulation.hpp"

#include <boost/test/unit_test.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <map>
#include <optional>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace filled_in_requests {

/** A job and the one after it, with a reply for each and a look at what was sent. */
struct chain_of_two : simulation {
    std::map<std::string, http::scripted_reply> replies;
    std::optional<run_record> result;
    std::vector<std::string> errors;
    job first{.name = "first", .url = "http://localhost/first"};
    job next{.name = "next", .trigger = after{{"first"}}, .url = "http://localhost/next"};

    chain_of_two()
    {
        answer = [this](const http::request& r) {
            const auto at = replies.find(field(r, "Carillon-Job"));
            return at != replies.end() ? at->second : http::reply_with(200, "{}");
        };
        runner.on_event([this](const event& e) {
            if (const auto* j = std::get_if<job_ended>(&e))
                for (const auto& a : j->record.attempts) errors.push_back(a.error);
        });
    }

    void run()
    {
        runner.set_jobs(job_set::create({first, next}).value());
        runner.async_trigger("first", [this](error_code, run_record r) { result = std::move(r); });
        run_for(1h);
        BOOST_REQUIRE(result.has_value());
    }

    const http::request& sent(const std::string& name) const
    {
        for (const auto& s : requests)
            if (s.job == name) return s.request;
        BOOST_FAIL("nothing was sent by " + name);
        return requests.front().request;
    }

    std::string problems() const
    {
        const auto made = job_set::create({first, next});
        std::string out;
        if (made) return out;
        for (const problem& p : made.error().problems)
            out += p.job + "." + p.key + ": " + p.what + "\n";
        return out;
    }
};

} // namespace filled_in_requests

BOOST_FIXTURE_TEST_SUITE(filled_in_requests, chain_of_two)

BOOST_AUTO_TEST_CASE(an_attempts_own_values_stand_in_url_headers_and_body)
{
    first.url = "http://localhost/runs/{{run}}?at={{scheduled_at}}";
    first.headers = std::vector<header>{{"X-Attempt", "{{attempt}} of {{job}}"}};
    first.body = "at {{scheduled_at}}";
    run();
    const http::request& r = sent("first");
    BOOST_TEST(
        r.target.target ==
        "/runs/" + boost::uuids::to_string(result->id) + "?at=2026-01-05T00%3A00%3A00.000000Z");
    BOOST_TEST(field(r, "X-Attempt") == "1 of first");
    BOOST_TEST(r.body == "at 2026-01-05T00:00:00.000000Z");
}

BOOST_AUTO_TEST_CASE(a_reply_is_sent_on_escaped_for_where_it_goes)
{
    replies["first"] =
        http::reply_with(200, R"({"id":"a/b \"c\"","n":[1,2.5],"list":[{"x":null}]})");
    next.url = "http://localhost/{{jobs.first/id}}?n={{ jobs.first/n/1 }}";
    next.headers =
        std::vector<header>{{"Content-Type", "application/json"}, {"X-Id", "{{jobs.first/id}}"}};
    next.body = R"({"id":"<{{jobs.first/id}}>","n":{{jobs.first/n}},"x":{{jobs.first/list/0/x}}})";
    run();
    const http::request& r = sent("next");
    BOOST_TEST(r.target.target == "/a%2Fb%20%22c%22?n=2.5");
    BOOST_TEST(field(r, "X-Id") == "a/b \"c\"");
    BOOST_TEST(r.body == R"({"id":"<a/b \"c\">","n":[1,2.5],"x":null})");
}

BOOST_AUTO_TEST_CASE(a_job_whose_value_is_missing_is_not_sent)
{
    next.body = "{{jobs.first/id}}";
    next.retry = retry_policy{.attempts = 3};
    run();
    BOOST_TEST(requests.size() == 1U);
    BOOST_TEST(result->outcome == outcome::failed);
    BOOST_TEST(result->jobs[1].message.find("{{jobs.first/id}}") != std::string::npos);
    BOOST_TEST(result->jobs[1].attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failed_reply_can_be_sent_on_too)
{
    replies["first"] = http::reply_with(500, R"({"error":"disk full"})");
    next.trigger = after{{"first", condition::failed}};
    next.body = "{{jobs.first/error}}";
    run();
    BOOST_TEST(sent("next").body == "disk full");
}

BOOST_AUTO_TEST_CASE(a_value_sent_as_a_secret_is_hidden_from_then_on)
{
    replies["first"] = http::reply_with(200, R"({"token":"tok-123456"})");
    replies["next"] = http::reply_with(403, R"({"message":"tok-123456 is no good"})");
    next.headers = std::vector<header>{{"Authorization", "Bearer {{jobs.first/token}}"}};
    run();
    BOOST_TEST(field(sent("next"), "Authorization") == "Bearer tok-123456");
    BOOST_TEST(result->jobs[1].message == "*** is no good");
    // Nor is it kept with the run.
    for (const job_record& j : result->jobs) BOOST_TEST(j.values.empty());
    for (const std::string& e : errors) BOOST_TEST(e.find("tok-123456") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_value_sent_as_a_secret_is_hidden_in_the_reply_that_gives_it)
{
    replies["first"] = http::reply_with(
        500, R"({"token":"tok-123456","message":"tok-123456 made","status":"tok-123456"})");
    next.trigger = after{{"first", condition::finished}};
    const auto is_hidden = [&] {
        run();
        const job_record& r = result->jobs[0];
        BOOST_TEST(r.message == "*** made");
        BOOST_TEST(r.status == "***");
        for (const job_record& j : result->jobs) BOOST_TEST(j.values.empty());
    };
    next.headers = std::vector<header>{{"Cookie", "s={{jobs.first/token}}"}};
    is_hidden();
    next.headers = std::vector<header>{};
    next.url = "http://localhost/next?access_token={{jobs.first/token}}";
    is_hidden();
    next.url = "http://localhost/next";
    next.auth = authentication(bearer_auth{"{{jobs.first/token}}"});
    is_hidden();
    next.auth = authentication{};
    next.url = "http://localhost/next?page={{jobs.first/token}}"; // no secret
    run();
    BOOST_TEST(result->jobs[0].message == "tok-123456 made");
}

BOOST_AUTO_TEST_CASE(a_body_that_holds_a_secret_is_meant_for_one_origin)
{
    replies["first"] = http::reply_with(200, R"({"token":"tok-123456"})");
    first.headers = std::vector<header>{{"X-API-Key", "key-123456"}};
    first.body = R"({"key":"key-123456"})";
    next.headers = std::vector<header>{{"Authorization", "{{jobs.first/token}}"}};
    next.body = "token={{jobs.first/token}}";
    run();
    BOOST_TEST(sent("first").body_is_credential);
    BOOST_TEST(sent("next").body_is_credential);
    first.body = "key";
    next.body = "token";
    requests.clear();
    run();
    BOOST_TEST(!sent("first").body_is_credential);
    BOOST_TEST(!sent("next").body_is_credential);
}

BOOST_AUTO_TEST_CASE(a_bearer_token_may_come_of_a_reply)
{
    replies["first"] = http::reply_with(200, R"({"token":"tok-123456"})");
    replies["next"] = http::reply_with(403, R"({"message":"tok-123456 is no good"})");
    next.auth = authentication(bearer_auth{"{{jobs.first/token}}"});
    run();
    BOOST_TEST(field(sent("next"), "Authorization") == "Bearer tok-123456");
    BOOST_TEST(result->jobs[1].message == "*** is no good");
    next.auth = authentication(bearer_auth{"{{jobs.nobody/token}}"});
    BOOST_TEST(problems() == "next.auth.bearer: there is no job 'nobody'\n");
}

BOOST_AUTO_TEST_CASE(what_comes_of_a_reply_is_meant_for_one_origin)
{
    replies["first"] = http::reply_with(200, R"({"token":"tok-123456"})");
    next.headers = std::vector<header>{
        {"X-Copy", "tok-123456"},
        {"Authorization", "{{jobs.first/token}}"},
        {"X-Auth-Token", "{{jobs.first/token}}"},
        {"X-Run", "{{run}}"}};
    run();
    std::string credentials;
    for (const auto& f : sent("next").fields)
        if (f.is_credential) credentials += f.name + " ";
    BOOST_TEST(credentials == "X-Copy Authorization X-Auth-Token ");
}

BOOST_AUTO_TEST_CASE(values_that_cannot_be_there_are_refused_beforehand)
{
    next.body = "{{jobs.nobody/x}}";
    BOOST_TEST(problems() == "next.body: there is no job 'nobody'\n");
    next.body = "{{jobs.next/x}}";
    BOOST_TEST(problems() == "next.body: 'next' does not end before this job begins\n");
    next.body = "";
    first.body = "{{jobs.next/x}}";
    BOOST_TEST(problems() == "first.body: 'next' does not end before this job begins\n");
    first.body = "";
    first.url = "http://{{job}}.test/";
    BOOST_TEST(problems() == "first.url: placeholders stand in the path or query of a url alone\n");
    first.url = "http://localhost/{{jbo}}";
    BOOST_TEST(problems().find("did you mean 'job'?") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
