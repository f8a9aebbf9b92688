#include "text/run_words.hpp"

#include "print.hpp"
#include "run_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <boost/uuid/uuid_io.hpp>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(words_of_runs, run_fixture)

BOOST_AUTO_TEST_CASE(lengths_are_as_exact_as_is_of_use)
{
    struct row {
        microseconds span;
        const char* text;
    };
    for (const auto& [span, text] :
         {row{0us, "0s"}, row{1499us, "2ms"}, row{950ms, "950ms"}, row{1234ms, "1.2s"},
          row{59s, "59s"}, row{125s + 400ms, "2min 5s"}, row{3h + 10min + 20s, "3h 10min"}})
        BOOST_TEST(format_length(span) == text);
    BOOST_TEST(distance_in_words(t0 + 90s, t0) == "in 1min 30s");
    BOOST_TEST(distance_in_words(t0 - 3h, t0) == "3h ago");
    BOOST_TEST(distance_in_words(t0 - 50h, t0) == "2d 2h ago");
}

BOOST_AUTO_TEST_CASE(the_first_job_that_did_not_complete_tells_what_went_wrong)
{
    BOOST_TEST(describe_end(make("a", 0s, 1s, {completed("a"), completed("b")})) == "a done");
    BOOST_TEST(
        describe_end(make("a", 0s, 1s, {completed("a"), unreachable("b")})) ==
        "b: connection refused (127.0.0.1:80); in phase connect after 3ms");
    run_record skipped = make("a", 0s, 0s, {});
    skipped.outcome = outcome::skipped;
    skipped.reason = reason::overlap;
    BOOST_TEST(describe_end(skipped) == "overlap");
}

BOOST_AUTO_TEST_CASE(a_job_whose_request_is_out_does_not_wait)
{
    job_record j;
    BOOST_TEST(outcome_word(j) == "waiting");
    j.may_be_sent = true; // at most once
    BOOST_TEST(outcome_word(j) == "running");
    j.may_be_sent = false;
    j.polled = "";
    BOOST_TEST(outcome_word(j) == "running");
}

BOOST_AUTO_TEST_CASE(an_error_stands_beside_the_replys_own_word)
{
    job_record j = completed("a");
    j.outcome = outcome::failed;
    j.message = "boom";
    j.attempts.front().error = "expected /status = \"completed\"";
    j.attempts.front().phase = phase::body;
    BOOST_TEST(
        describe_end(j) == "expected /status = \"completed\"; in phase body; the reply says: boom");
}

BOOST_AUTO_TEST_CASE(a_run_without_an_end_has_a_length_while_it_goes)
{
    run_record r = make("a", 0s, 1s, {});
    BOOST_TEST(length_of(r, t0 + 1h) == 1s);
    r.ended_at.reset();
    BOOST_TEST(!length_of(r, t0 + 1h).has_value());
    r.outcome.reset();
    BOOST_TEST(length_of(r, t0 + 5s) == 5s);
    BOOST_TEST(length_of(r, t0 - 5s) == 0s); // the clock was set
    BOOST_TEST(outcome_word(r) == "running");
    mark_interrupted(r, true);
    BOOST_TEST(outcome_word(r) == "interrupted");
    BOOST_TEST(describe_end(r) == "its process is gone; the daemon sends it again when it starts");
    mark_interrupted(r, false);
    BOOST_TEST(describe_end(r) == "its process is gone");
}

BOOST_AUTO_TEST_CASE(a_beginning_stands_for_a_range_of_ids)
{
    const auto range = ids_beginning("019CA8b1-5");
    BOOST_REQUIRE(range.has_value());
    BOOST_TEST(to_string(range->first) == "019ca8b1-5000-0000-0000-000000000000");
    BOOST_TEST(to_string(range->second) == "019ca8b1-5fff-ffff-ffff-ffffffffffff");
    const std::string whole = "019ca8b1-0000-7000-8000-000000000001";
    BOOST_REQUIRE(ids_beginning(whole).has_value());
    BOOST_TEST(ids_beginning(whole)->first == id(whole));
    BOOST_TEST(ids_beginning(whole)->second == id(whole));
    for (const char* bad : {"", "019ca8b", "backup-job", "019ca8b1-0000-7000-8000-0000000000012"})
        BOOST_TEST(!ids_beginning(bad).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()
