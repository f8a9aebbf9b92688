#include <carillon/job/retry.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(retries)

BOOST_AUTO_TEST_CASE(backoff_grows_to_its_limit)
{
    retry_policy p{
        .attempts = 9, .backoff = 1s, .max_backoff = 30s, .multiplier = 2, .jitter = jitter::none};
    const std::vector<microseconds> expected{1s, 2s, 4s, 8s, 16s, 30s, 30s};
    for (std::size_t i = 0; i < expected.size(); ++i)
        BOOST_TEST((backoff(p, static_cast<int>(i) + 1, 0.5) == expected[i]));
    BOOST_TEST((backoff(p, std::numeric_limits<int>::max(), 0) == 30s));
    p.multiplier = 1;
    BOOST_TEST((backoff(p, 5, 0) == 1s));
}

BOOST_AUTO_TEST_CASE(full_jitter_draws_from_zero_to_the_backoff)
{
    const retry_policy p{.attempts = 9, .backoff = 1s, .max_backoff = 30s};
    BOOST_TEST((backoff(p, 3, 0.0) == 0s));
    BOOST_TEST((backoff(p, 3, 0.5) == 2s));
    BOOST_TEST((backoff(p, 3, 0.999999) < 4s));
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

BOOST_AUTO_TEST_CASE(reads_both_forms_of_retry_after)
{
    const instant now = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h;
    BOOST_TEST((parse_retry_after("120", now) == 120s));
    BOOST_TEST((parse_retry_after("0", now) == 0s));
    BOOST_TEST((parse_retry_after("99999999999999999999999", now) >= 999'999'999s));
    BOOST_TEST((parse_retry_after("Sun, 01 Mar 2026 12:00:30 GMT", now) == 30s));
    BOOST_TEST((parse_retry_after("Sun, 01 Mar 2026 11:00:00 GMT", now) == 0s));
    for (const char* bad :
         {"", "-5", "soon", "1.5", "Sun, 31 Feb 2026 12:00:30 GMT",
          "Sun, 01 Mar 2026 25:00:30 GMT"})
        BOOST_TEST(!parse_retry_after(bad, now), bad);
}

BOOST_AUTO_TEST_SUITE_END()
