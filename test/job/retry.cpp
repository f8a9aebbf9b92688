#include "job/retry.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(retries)

BOOST_AUTO_TEST_CASE(backoff_grows_to_its_limit)
{
    retry_policy p{
        .attempts = 9, .backoff = 1s, .max_backoff = 30s, .multiplier = 2, .jitter = jitter::none};
    const std::vector<microseconds> expected{1s, 2s, 4s, 8s, 16s, 30s, 30s};
    for (std::size_t i = 0; i < expected.size(); ++i)
        BOOST_TEST(backoff(p, static_cast<int>(i) + 1, 0.5) == expected[i]);
    BOOST_TEST(backoff(p, std::numeric_limits<int>::max(), 0) == 30s);
    p.multiplier = 1;
    BOOST_TEST(backoff(p, 5, 0) == 1s);
}

BOOST_AUTO_TEST_CASE(full_jitter_draws_from_zero_to_the_backoff)
{
    const retry_policy p{.attempts = 9, .backoff = 1s, .max_backoff = 30s};
    BOOST_TEST(backoff(p, 3, 0.0) == 0s);
    BOOST_TEST(backoff(p, 3, 0.5) == 2s);
    BOOST_TEST(backoff(p, 3, 0.999999) < 4s);
}

BOOST_AUTO_TEST_CASE(the_defaults_retry_what_may_pass)
{
    const retry_conditions on;
    const verdict refused{};
    verdict broken{};
    broken.breaks_json = true;
    for (const int status : {408, 425, 429, 500, 502, 503, 504})
        BOOST_TEST(is_retryable(on, outcome::failed, refused, status), status);
    for (const int status : {400, 401, 403, 404, 409, 422, 501, 505, 301})
        BOOST_TEST(!is_retryable(on, outcome::failed, refused, status), status);
    BOOST_TEST(is_retryable(on, outcome::failed, broken, 200));
    BOOST_TEST(is_retryable(on, outcome::unreachable, refused, 0));
    BOOST_TEST(is_retryable(on, outcome::timed_out, refused, 0));
    for (const outcome o :
         {outcome::completed, outcome::rejected, outcome::cancelled, outcome::skipped})
        BOOST_TEST(!is_retryable(on, o, broken, 500));
    const retry_conditions none{
        .statuses = {}, .unreachable = false, .timed_out = false, .expect = false};
    BOOST_TEST(!is_retryable(none, outcome::failed, broken, 500));
    BOOST_TEST(!is_retryable(none, outcome::unreachable, refused, 0));
}

BOOST_AUTO_TEST_CASE(reads_both_kinds_of_retry_after)
{
    const instant now = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h;
    BOOST_TEST(parse_retry_after("120", now) == 120s);
    BOOST_TEST(parse_retry_after("0", now) == 0s);
    BOOST_TEST(parse_retry_after("99999999999999999999999", now) >= 999'999'999s);
    BOOST_TEST(parse_retry_after("Sun, 01 Mar 2026 12:00:30 GMT", now) == 30s);
    BOOST_TEST(parse_retry_after("Sun, 01 Mar 2026 11:00:00 GMT", now) == 0s);
    BOOST_TEST(parse_retry_after(" 120\t", now) == 120s);
    BOOST_TEST(parse_retry_after("\t Sun, 01 Mar 2026 12:00:30 GMT ", now) == 30s);
    for (const char* bad : {"", " ", "-5", "+5", "1 2", "soon", "1.5"})
        BOOST_TEST(!parse_retry_after(bad, now), bad);
}

BOOST_AUTO_TEST_CASE(reads_all_forms_of_a_date)
{
    using namespace std::chrono;
    struct row {
        const char* text;
        instant now, expected;
    };
    const instant then = sys_days{1994y / November / 6} + 8h + 49min + 37s;
    const instant before = then - hours{1};
    const instant in_2026 = sys_days{2026y / March / 1} + 12h;
    const instant in_2090 = sys_days{2090y / March / 1};
    const std::vector<row> rows{
        // the three of RFC 9110 section 5.6.7
        {"Sun, 06 Nov 1994 08:49:37 GMT", before, then},
        {"Sunday, 06-Nov-94 08:49:37 GMT", before, then},
        {"Sun Nov  6 08:49:37 1994", before, then},
        {"Wed Nov 16 08:49:37 1994", before, then + days{10}},
        {"Mon, 29 Feb 2028 00:00:00 GMT", in_2026, sys_days{2028y / February / 29}},
        {"Sat, 31 Dec 2016 23:59:60 GMT", before, sys_days{2017y / January / 1}},
        // two digits: no more than 50 years ahead
        {"Friday, 01-Jan-27 00:00:00 GMT", in_2026, sys_days{2027y / January / 1}},
        {"Tuesday, 01-Jan-75 00:00:00 GMT", in_2026, sys_days{2075y / January / 1}},
        {"Saturday, 29-Feb-76 00:00:00 GMT", in_2026, sys_days{2076y / February / 29}},
        {"Thursday, 01-Jan-10 00:00:00 GMT", in_2090, sys_days{2110y / January / 1}},
        {"Saturday, 01-Jan-00 00:00:00 GMT", in_2090, sys_days{2100y / January / 1}},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text)
        {
            const auto wait = parse_retry_after(r.text, r.now);
            BOOST_REQUIRE(wait.has_value());
            BOOST_TEST(r.now + *wait == r.expected);
        }
    }
    for (const char* past :
         {"Monday, 01-Jun-76 00:00:00 GMT", "Friday, 01-Jan-99 00:00:00 GMT",
          "Sunday, 01-Mar-26 11:00:00 GMT", "Sun Nov  6 08:49:37 1994"})
        BOOST_TEST(parse_retry_after(past, in_2026) == 0s, past);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_date)
{
    const instant now = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h;
    for (const char* bad : {"Sun, 31 Feb 2026 12:00:30 GMT",   "Sun, 01 Mar 2026 25:00:30 GMT",
                            "Sun, 01 Mar 2026 12:60:30 GMT",   "Sun, 01 Mar 2026 12:00:61 GMT",
                            "Sun, 00 Mar 2026 12:00:30 GMT",   "Sun, 01 mar 2026 12:00:30 GMT",
                            "Sun, 1 Mar 2026 12:00:30 GMT",    "Sun, 01 Mar 26 12:00:30 GMT",
                            "Sun, 01 Mar 2026 12:00:30",       "Sun, 01 Mar 2026 12:00:30 UTC",
                            "Sun, 01 Mar 2026 12:00:30 GMT x", "Sun, 01 Mar 2026 -1:00:30 GMT",
                            "Xxx, 01 Mar 2026 12:00:30 GMT",   "Sunday, 01 Mar 2026 12:00:30 GMT",
                            "Sun, 01-Mar-26 12:00:30 GMT",     "Sunday, 01-Mar-2026 12:00:30 GMT",
                            "Sunday, 31-Feb-26 12:00:30 GMT",  "Sunday 01-Mar-26 12:00:30 GMT",
                            "Sun Mar 1 12:00:30 2026",         "Sun Mar 01 12:00:30 2026 GMT",
                            "Sun Mar  1 12:00:30 26",          "Sun Feb 31 12:00:30 2026",
                            "Sun Mar  0 12:00:30 2026",        "Sun Mar"})
        BOOST_TEST(!parse_retry_after(bad, now), bad);
}

BOOST_AUTO_TEST_SUITE_END()
