#include "job/request_fields.hpp"

#include <carillon/job/header_name.hpp>

#include <boost/test/unit_test.hpp>
#include <boost/uuid/string_generator.hpp>

#include <algorithm>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace fields {

/** The third attempt of a run whose identity is known. */
struct third_attempt {
    job j{.name = "backup", .url = "http://localhost/"};
    run_record run;

    third_attempt()
    {
        run.id = boost::uuids::string_generator()("019b3c1e-0000-7000-8000-0123456789ab");
        run.scheduled_at =
            std::chrono::sys_days{std::chrono::year{2025} / 12 / 20} + 18h + 15min + 1us;
        run.fence = 42;
    }

    std::string value(const char* name, const secret& user_info = {}) const
    {
        std::string found;
        for (const auto& [n, v] :
             request_fields({.run = run, .job = j, .attempt = 3, .span_id = 0xabc}, user_info))
            if (n == name) found += (found.empty() ? "" : ",") + v;
        return found;
    }
};

} // namespace fields

BOOST_FIXTURE_TEST_SUITE(fields, third_attempt)

BOOST_AUTO_TEST_CASE(every_request_says_what_it_is)
{
    BOOST_TEST(value("Idempotency-Key") == "backup@2025-12-20T18:15:00.000001Z");
    BOOST_TEST(value("Carillon-Job") == "backup");
    BOOST_TEST(value("Carillon-Run") == "019b3c1e-0000-7000-8000-0123456789ab");
    BOOST_TEST(value("Carillon-Scheduled-At") == "2025-12-20T18:15:00.000001Z");
    BOOST_TEST(value("Carillon-Attempt") == "3");
    BOOST_TEST(value("Carillon-Fence") == "42");
    BOOST_TEST(value("traceparent") == "00-019b3c1e0000700080000123456789ab-0000000000000abc-01");
    BOOST_TEST(value("User-Agent").starts_with("carillon/"));
    BOOST_TEST(value("Authorization") == "");
}

BOOST_AUTO_TEST_CASE(the_jobs_own_headers_come_first)
{
    j.headers = std::vector<header>{{"X-API-Key", "k"}, {"user-agent", "mine"}};
    BOOST_TEST(value("X-API-Key") == "k");
    BOOST_TEST(value("user-agent") == "mine");
    BOOST_TEST(value("User-Agent") == "");
}

BOOST_AUTO_TEST_CASE(no_coding_is_asked_for_unless_the_job_names_one)
{
    BOOST_TEST(value("Accept-Encoding") == "identity");
    j.headers = std::vector<header>{{"accept-encoding", "gzip"}, {"X-Empty", ""}};
    BOOST_TEST(value("accept-encoding") == "gzip");
    BOOST_TEST(value("Accept-Encoding") == "");
    const auto names = [&] {
        std::string out;
        for (const auto& [name, value] : request_fields({.run = run, .job = j}, {}))
            if (is_sent_by_default(name)) out += name + " ";
        return out;
    };
    BOOST_TEST(names() == "accept-encoding User-Agent ");
    j.headers = std::vector<header>{{"ACCEPT-ENCODING", ""}};
    BOOST_TEST(names() == "User-Agent ");
    j.headers = std::vector<header>{{"user-agent", ""}};
    BOOST_TEST(names() == "Accept-Encoding ");
}

BOOST_AUTO_TEST_CASE(user_info_becomes_basic_credentials)
{
    BOOST_TEST(
        value("Authorization", "Aladdin:open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    j.headers = std::vector<header>{{"Authorization", "Bearer t"}};
    BOOST_TEST(value("Authorization", "Aladdin:open sesame") == "Bearer t");
}

BOOST_AUTO_TEST_SUITE_END()
