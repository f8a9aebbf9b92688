#include "print.hpp"
#include "runner/simulation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace pollings {

http::scripted_reply accepted(std::string location = "/status/1")
{
    auto out = http::reply_with(202, R"({"status":"accepted"})");
    if (!location.empty()) out.reply.fields.push_back({"Location", std::move(location)});
    return out;
}

http::scripted_reply with_field(http::scripted_reply r, std::string name, std::string value)
{
    r.reply.fields.push_back({std::move(name), std::move(value)});
    return r;
}

const auto running = http::reply_with(200, R"({"status":"running"})");
const auto completed = http::reply_with(200, R"({"status":"completed","message":"all done"})");

/** A job whose result is asked for every 10 s, with the replies that it gets one after another. */
struct polled_job : simulation {
    std::deque<http::scripted_reply> replies;
    std::vector<std::string> polled;
    std::optional<run_record> result;
    job j{.name = "long", .url = "http://localhost:8000/jobs/long?x=1"};

    polled_job()
    {
        answer = [this](const http::request&) {
            BOOST_REQUIRE(!replies.empty());
            auto next = replies.front();
            if (replies.size() > 1) replies.pop_front();
            return next;
        };
        runner.on_event([this](const event& e) {
            if (const auto* p = std::get_if<polling_began>(&e)) polled.push_back(p->url);
        });
        j.expect = expectation{.json = {{.pointer = "/status", .any_of = {"completed"}}}};
        j.poll = std::optional(poll_policy{.every = 10s, .expect = *j.expect});
    }

    const job_record& run(microseconds span = 2h)
    {
        runner.set_jobs(job_set::create({j}).value());
        runner.async_trigger("long", [this](error_code, run_record r) { result = std::move(r); });
        run_for(span);
        BOOST_REQUIRE(result.has_value());
        return result->jobs[0];
    }

    void set_poll(poll_policy p) { j.poll = std::optional(std::move(p)); }

    std::string url_of(std::size_t i) const
    {
        return requests.at(i).request.target.origin() + requests[i].request.target.target;
    }
};

} // namespace pollings

BOOST_FIXTURE_TEST_SUITE(pollings, polled_job)

BOOST_AUTO_TEST_CASE(asks_where_the_reply_says_until_it_is_met)
{
    replies = {accepted(), running, running, completed};
    const job_record& r = run();
    BOOST_TEST(r.outcome == outcome::completed);
    BOOST_TEST(r.message == "all done");
    BOOST_TEST(
        times("long") == (std::vector<microseconds>{0s, 10s, 20s, 30s}), test::per_element());
    for (std::size_t i = 1; i < 4; ++i) {
        BOOST_TEST(requests[i].request.method == "GET");
        BOOST_TEST(url_of(i) == "http://localhost:8000/status/1");
        BOOST_TEST(requests[i].request.body == "");
    }
    // It is one attempt, with one key.
    BOOST_TEST(r.attempts.size() == 1U);
    BOOST_TEST(r.attempts[0].latency.count() == microseconds(30s).count());
    BOOST_TEST(
        polled == std::vector<std::string>{"http://localhost:8000/status/1"}, test::per_element());
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_no_202_is_judged_as_ever)
{
    replies = {completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(requests.size() == 1U);
    replies = {running};
    BOOST_TEST(run().outcome == outcome::failed);
    BOOST_TEST(requests.size() == 2U);
}

BOOST_AUTO_TEST_CASE(asks_at_a_url_of_its_own)
{
    poll_policy p = **j.poll;
    p.url = "http://status.test/{{job}}";
    set_poll(p);
    replies = {accepted(""), completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(url_of(1) == "http://status.test/long");
}

BOOST_AUTO_TEST_CASE(asks_for_just_what_the_location_says)
{
    replies = {accepted("../status/p%2Fq?r=%26"), completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(url_of(1) == "http://localhost:8000/status/p%2Fq?r=%26");
}

BOOST_AUTO_TEST_CASE(another_origin_gets_no_credentials)
{
    j.headers = std::vector<header>{{"X-API-Key", "secret-key"}, {"X-Tenant", "t1"}};
    j.auth = authentication(bearer_auth{"secret-token"});
    replies = {accepted("http://elsewhere.test/1"), completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(field(requests[0].request, "Authorization") == "Bearer secret-token");
    BOOST_TEST(field(requests[1].request, "Authorization") == "");
    BOOST_TEST(field(requests[1].request, "X-API-Key") == "");
    BOOST_TEST(field(requests[1].request, "X-Tenant") == "t1");
}

BOOST_AUTO_TEST_CASE(tells_where_there_is_nobody_to_ask)
{
    replies = {accepted("")};
    BOOST_TEST(run().message.find("has no Location, and poll names no url") != std::string::npos);
    BOOST_TEST(result->outcome == outcome::failed);
    replies = {accepted("ftp://x/")};
    BOOST_TEST(run().message.find("the Location of the reply") != std::string::npos);
    BOOST_TEST(result->outcome == outcome::rejected);
    replies = {accepted("http://elsewhere.test:80:1/a")};
    BOOST_TEST(run().outcome == outcome::rejected);
    BOOST_TEST(requests.size() == 3U);
}

BOOST_AUTO_TEST_CASE(goes_on_over_what_may_pass)
{
    auto broken = http::scripted_reply{.error = asio::error::connection_reset};
    broken.reply.phase = phase::first_byte;
    replies = {accepted(), broken, http::reply_with(503, ""), http::reply_with(404, ""), completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(requests.size() == 5U);
}

BOOST_AUTO_TEST_CASE(ends_where_asking_again_cannot_help)
{
    replies = {accepted(), running, http::reply_with(410, "")};
    const job_record& r = run();
    BOOST_TEST(r.outcome == outcome::failed);
    BOOST_TEST(r.message == "HTTP 410 Gone");
    BOOST_TEST(r.attempts[0].http_status == 410);

    auto malformed = http::scripted_reply{.error = errc::malformed_reply};
    malformed.reply.phase = phase::body;
    replies = {accepted(), malformed};
    BOOST_TEST(run().outcome == outcome::rejected);
}

BOOST_AUTO_TEST_CASE(waits_as_long_as_the_reply_asks)
{
    replies = {
        with_field(accepted(), "Retry-After", "60"), with_field(running, "Retry-After", "1"),
        completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(times("long") == (std::vector<microseconds>{0s, 60s, 70s}), test::per_element());
}

BOOST_AUTO_TEST_CASE(a_202_goes_on_unless_it_is_what_is_expected)
{
    replies = {accepted(), accepted(), completed};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(requests.size() == 3U);

    poll_policy p{.every = 10s};
    p.expect.status = {{202, 202}};
    set_poll(p);
    requests.clear();
    replies = {accepted()};
    BOOST_TEST(run().outcome == outcome::completed);
    BOOST_TEST(requests.size() == 1U);
}

BOOST_AUTO_TEST_CASE(ends_with_the_deadline_and_says_what_was_last)
{
    j.deadline = 35s;
    j.retry = retry_policy{.attempts = 3, .jitter = jitter::none}; // which would start it anew
    replies = {accepted(), running};
    const job_record& r = run();
    BOOST_TEST(r.outcome == outcome::timed_out);
    BOOST_TEST(
        r.message ==
        "timed out: the wait of 10s until the next poll would pass the job's deadline of 35s");
    BOOST_TEST(
        r.attempts[0].error ==
        r.message + "; the last answer: /status is \"running\", not \"completed\"");
    BOOST_TEST(
        times("long") == (std::vector<microseconds>{0s, 10s, 20s, 30s}), test::per_element());
}

BOOST_AUTO_TEST_CASE(says_that_the_wait_it_is_asked_for_is_too_long)
{
    j.deadline = 35s;
    replies = {with_field(accepted(), "Retry-After", "3600")};
    const job_record& r = run();
    BOOST_TEST(r.outcome == outcome::timed_out);
    BOOST_TEST(
        r.attempts[0].error ==
        "timed out: the wait of 1h that the endpoint asks for (Retry-After) would pass the job's "
        "deadline of 35s; the last answer: /status is \"accepted\", not \"completed\"");
    BOOST_TEST(times("long") == std::vector<microseconds>{0s}, test::per_element());
}

BOOST_AUTO_TEST_CASE(is_cancelled_while_it_waits_and_while_it_asks)
{
    for (const microseconds at : {5s, 11s}) {
        requests.clear();
        result.reset();
        auto slow = running;
        slow.delay = 5s;
        replies = {accepted(), slow};
        asio::cancellation_signal signal;
        runner.set_jobs(job_set::create({j}).value());
        runner.async_trigger(
            "long", asio::bind_cancellation_slot(signal.slot(), [this](error_code, run_record r) {
                result = std::move(r);
            }));
        run_for(at);
        BOOST_TEST(!result);
        signal.emit(asio::cancellation_type::terminal);
        run_for(0s);
        BOOST_REQUIRE(result.has_value());
        BOOST_TEST(result->outcome == outcome::cancelled);
        run_for(1h);
        BOOST_TEST(requests.size() == (at < 10s ? 1U : 2U));
    }
}

BOOST_AUTO_TEST_CASE(signs_each_question)
{
    j.body = "the body";
    j.auth = authentication(hmac_auth{.key = "key"});
    replies = {accepted(), completed};
    run();
    const std::string first = field(requests[0].request, "Carillon-Signature");
    const std::string second = field(requests[1].request, "Carillon-Signature");
    BOOST_TEST(first.starts_with("t=1767571200,v1="));
    // As of the time of each: an endpoint refuses an old one.
    BOOST_TEST(second.starts_with("t=1767571210,v1="));
}

BOOST_AUTO_TEST_SUITE_END()
