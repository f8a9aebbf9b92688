#include "store/run_text.hpp"

#include "print.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/job/run_json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

namespace json = boost::json;
using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace run_texts {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};

attempt_record attempt(int n, outcome o, std::string error = {})
{
    attempt_record a{.attempt = n, .started_at = t0 + n * 1s, .latency = 1500us, .outcome = o};
    a.http_status = error.empty() ? 200 : 0;
    if (!error.empty()) a.phase = phase::connect;
    a.phase_time = error.empty() ? 0us : 2000ms;
    a.error = std::move(error);
    return a;
}

/** With all that a record of a job may hold: texts that need escapes, or are no UTF-8. */
std::vector<std::vector<job_record>> many_jobs()
{
    const std::vector<std::string> texts{"",
                                         "done",
                                         "\"quoted\" \\ back",
                                         "line\nbreak\x01\x7f",
                                         "gr\xc3\xbc\xc3\x9f",
                                         "\xff broken \xc3"};
    std::vector<std::vector<job_record>> out{{}};
    for (const std::string& text : texts) {
        job_record bare{.job = "a"};
        job_record ended{.job = "b", .outcome = outcome::failed, .status = text, .message = text};
        ended.attempts = {
            attempt(1, outcome::unreachable, "no " + text), attempt(2, outcome::completed)};
        job_record skipped{.job = "c", .outcome = outcome::skipped, .reason = reason::condition};
        out.push_back({ended});
        out.push_back({bare, ended, skipped});
    }
    return out;
}

} // namespace run_texts

BOOST_AUTO_TEST_SUITE(run_texts)

BOOST_AUTO_TEST_CASE(what_is_stored_is_what_programs_see)
{
    for (const auto& jobs : many_jobs()) {
        json::array all;
        for (const job_record& j : jobs) all.push_back(to_json(j));
        BOOST_TEST(jobs_to_text(jobs) == json_text(all));
        BOOST_TEST((json::parse(jobs_to_text(jobs)) == json::value(all)));
    }
}

BOOST_AUTO_TEST_CASE(what_is_stored_is_read_as_it_was)
{
    for (const auto& jobs : many_jobs()) {
        const std::string text = jobs_to_text(jobs);
        const auto read = jobs_from_text(text);
        BOOST_TEST(read.size() == jobs.size());
        BOOST_TEST(jobs_to_text(read) == text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
