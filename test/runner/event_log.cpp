#include "print.hpp"
#include <carillon/runner/event_log.hpp>

#include <boost/test/unit_test.hpp>

using namespace carillon;
using namespace std::chrono_literals;

namespace event_logs {

/** A job with secrets in its address, and the run that it is part of. */
struct job_in_a_run {
    job j{
        .name = "b",
        .title = "the b",
        .trigger = after{{"a", condition::succeeded}},
        .url = "http://u:pw@h/x?token=1"};
    run_record run;
    masker secrets;
    job_record record;

    job_in_a_run()
    {
        record.job = "b";
        run.chain = "a";
        run.jobs = {record};
    }
};

} // namespace event_logs

BOOST_FIXTURE_TEST_SUITE(event_logs, job_in_a_run)

BOOST_AUTO_TEST_CASE(entries_name_job_chain_and_run)
{
    const log_entry e = to_entry(job_started{run, j}, instant{1s}, secrets);
    BOOST_TEST(e.event == "job_started");
    BOOST_TEST(e.job == "b");
    BOOST_TEST(e.title == "the b");
    BOOST_TEST(e.chain == "a");
    BOOST_TEST(e.run == "00000000-0000-0000-0000-000000000000");
    BOOST_TEST(e.time == instant{1s});
    BOOST_TEST(e.message == "sending POST http://h/x"); // neither password nor query
}

BOOST_AUTO_TEST_CASE(a_failure_is_an_error_with_its_attempt)
{
    record.outcome = outcome::failed;
    record.status = "error";
    record.message = "boom";
    record.attempts = {
        {.attempt = 1, .started_at = {}, .phase = {}, .error = ""},
        {.attempt = 2,
         .started_at = {},
         .latency = 3ms,
         .http_status = 500,
         .phase = {},
         .error = ""}};
    const log_entry e = to_entry(job_ended{run, j, record}, {}, secrets);
    BOOST_TEST(e.level == log_level::error);
    BOOST_TEST(e.outcome == "failed");
    BOOST_TEST(e.attempt == 2);
    BOOST_TEST(e.http_status == 500);
    BOOST_TEST(e.latency == 3ms);
    BOOST_TEST(e.message == "boom");
}

BOOST_AUTO_TEST_CASE(a_skip_says_why)
{
    record.outcome = outcome::skipped;
    record.reason = reason::condition;
    const log_entry e = to_entry(job_ended{run, j, record}, {}, secrets);
    BOOST_TEST(e.level == log_level::info);
    BOOST_TEST(e.message == "it waits for a to succeed");
}

BOOST_AUTO_TEST_CASE(three_skips_in_a_row_are_an_alarm)
{
    BOOST_TEST(
        to_entry(run_skipped{j, {}, reason::overlap, 2}, {}, secrets).level == log_level::warning);
    BOOST_TEST(
        to_entry(run_skipped{j, {}, reason::overlap, 2}, {}, secrets).message ==
        "the run due at 1970-01-01T00:00:00.000000Z was skipped: the run before it has not ended "
        "(2 "
        "skipped in a row)");
    // Only a stop is called one.
    for (const reason why :
         {reason::overlap, reason::window, reason::coalesced, reason::removed, reason::crash})
        BOOST_TEST(
            to_entry(run_skipped{j, {}, why, 1}, {}, secrets).message.find("is stopping") ==
            std::string::npos);
    const log_entry e = to_entry(overlap_persists{j, 3}, {}, secrets);
    BOOST_TEST(e.level == log_level::error);
    BOOST_TEST(e.event == "overlap_persists");
}

BOOST_AUTO_TEST_CASE(secrets_in_titles_and_urls_stay_hidden)
{
    secrets.add("hook-token");
    j.title = "to hook-token";
    j.url = "http://h/hooks/hook-token/x";
    const log_entry e = to_entry(job_started{run, j}, {}, secrets);
    BOOST_TEST(e.title == "to ***");
    BOOST_TEST(e.message == "sending POST http://h/hooks/***/x");
}

BOOST_AUTO_TEST_SUITE_END()
