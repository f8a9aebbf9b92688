#include "log/log_format.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <ctime>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace log_formats {

/** The end of a run that failed, told in winter in Berlin. */
struct failed_run_in_berlin {
    log_entry e{.level = log_level::error, .event = "job_ended"};

    failed_run_in_berlin()
    {
        ::setenv("TZ", "Europe/Berlin", 1); // NOLINT(concurrency-mt-unsafe)
        ::tzset();
        e.time = std::chrono::sys_days{std::chrono::year{2025} / 12 / 20} + 18h + 22min + 38s + 5ms;
        e.job = "b";
        e.title = "silent churn detection";
        e.chain = "a";
        e.run = "r-1";
        e.attempt = 2;
        e.outcome = "failed";
        e.status = "error";
        e.http_status = 500;
        e.latency = 12500us;
        e.message = "bo\nom \"x\" \x1b[31m";
    }
};

} // namespace log_formats

BOOST_FIXTURE_TEST_SUITE(log_formats, failed_run_in_berlin)

BOOST_AUTO_TEST_CASE(one_record_is_one_line_in_every_format)
{
    BOOST_TEST(
        format_entry(e, log_format::text) == "2025-12-20T19:22:38.005+01:00 error   b: failed in "
                                             "13ms: bo\\nom \"x\" \\x1b[31m (attempt 2) [r-1]");
    BOOST_TEST(
        format_entry(e, log_format::json) ==
        R"({"time":"2025-12-20T18:22:38.005000Z","level":"error","event":"job_ended","job":"b","chain":"a","run":"r-1",)"
        R"("attempt":2,"outcome":"failed","http_status":500,"latency_ms":12.5,"message":"bo\nom \"x\" \u001b[31m"})");
    BOOST_TEST(
        format_entry(e, log_format::logfmt) ==
        "time=2025-12-20T18:22:38.005000Z level=error event=job_ended job=b chain=a run=r-1 "
        "attempt=2 outcome=failed "
        "http_status=500 latency_ms=12.5 message=\"bo\\nom \\\"x\\\" \\u001b[31m\"");
    BOOST_TEST(
        format_entry(e, log_format::classic) ==
        "[2025-12-20T19:22:38+01:00] FAILED: status=error, message=bo\\nom \"x\" \\x1b[31m");
}

BOOST_AUTO_TEST_CASE(what_breaks_lines_unseen_is_escaped_in_every_format)
{
    e.message = "a\x7f"
                "b\xc2\x85"
                "c\xe2\x80\xa8"
                "d\xe2\x80\x93\xc3\xa9"
                "e\xff"; // DEL, NEL, LINE SEPARATOR; a dash, an e; no UTF-8
    for (const log_format f :
         {log_format::text, log_format::json, log_format::logfmt, log_format::classic}) {
        const std::string line = format_entry(e, f);
        for (const char* hidden : {"\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xff"})
            BOOST_TEST(line.find(hidden) == std::string::npos);
        BOOST_TEST(line.find("d\xe2\x80\x93\xc3\xa9") != std::string::npos, line);
    }
    BOOST_TEST(
        format_entry(e, log_format::json).find("a\\u007fb\\u0085c\\u2028d") != std::string::npos);
    BOOST_TEST(format_entry(e, log_format::json).find("e\\ufffd\"") != std::string::npos);
    BOOST_TEST(format_entry(e, log_format::text).find("e\\xff") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(why_a_job_failed_stands_before_what_its_reply_says)
{
    e.message = "fine";
    e.error = "HTTP 404 Not Found";
    BOOST_TEST(
        format_entry(e, log_format::text)
            .find("failed in 13ms: HTTP 404 Not Found; the reply says: fine") != std::string::npos);
    BOOST_TEST(
        format_entry(e, log_format::json)
            .find("\"message\":\"fine\",\"error\":\"HTTP 404 Not Found\"") != std::string::npos);
    BOOST_TEST(
        format_entry(e, log_format::classic).ends_with("FAILED: status=error, message=fine"));
}

BOOST_AUTO_TEST_CASE(long_latencies_are_not_rounded)
{
    e.latency = 3'599'999'500us;
    BOOST_TEST(
        format_entry(e, log_format::json).find("\"latency_ms\":3599999.5,") != std::string::npos);
    BOOST_TEST(
        format_entry(e, log_format::logfmt).find("latency_ms=3599999.5 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(classic_writes_the_lines_that_pin_112_promised)
{
    const auto line = [&](const char* event, const char* job, const char* result = "") {
        e.event = event;
        e.job = job;
        e.outcome = result;
        e.status = "completed";
        e.message = "done";
        const std::string text = format_entry(e, log_format::classic);
        return text.empty() ? text : text.substr(text.find(']') + 2);
    };
    e.chain = "compute-stickiness";
    BOOST_TEST(line("run_started", "compute-stickiness") == "Starting compute-stickiness job...");
    BOOST_TEST(line("job_started", "compute-stickiness") == "");
    BOOST_TEST(
        line("job_ended", "compute-stickiness", "completed") ==
        "SUCCESS: status=completed, message=done");
    BOOST_TEST(line("job_started", "detect-silent-churn") == "Running silent churn detection...");
    BOOST_TEST(line("job_ended", "x", "skipped") == "SKIPPED: silent churn detection: done");
    BOOST_TEST(line("attempt_failed", "x") == "");
    BOOST_TEST(line("run_ended", "compute-stickiness") == "Compute-stickiness job completed.");
}

BOOST_AUTO_TEST_SUITE_END()
