#include "runner/core/on_demand.hpp"

#include "print.hpp"
#include "runner/parts.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace runs_on_demand {

/** Runs that someone asks for, and how each asking has ended. */
struct demands : run_parts {
    claims due{shared, journal, life, plan, runs, work, on_store_error::stop};
    on_demand asked{shared, journal, life, plan, runs, due, work, true};
    asio::cancellation_signal signal;
    std::vector<error_code> answers;
    run_record last;

    demands()
    {
        due.serve(
            {.arm = [] {},
             .look_for_step = [] {},
             .is_awaited = [](const auto&, const due_run&) { return false; }});
        reply_takes = 10s;
    }

    ~demands() { end_all(); }

    void begin()
    {
        start({make("a"), make("daily", schedule_from_cron("0 0 * * *").value())});
        answer_all();
        noted();
    }

    auto note()
    {
        return [this](const error_code& ec, run_record run) {
            answers.push_back(ec);
            last = std::move(run);
        };
    }

    void trigger(const std::string& name)
    {
        asked.trigger(name, note());
        poll();
    }

    /** One at a time. */
    void trigger_with_signal(const std::string& name)
    {
        asked.trigger(name, asio::bind_cancellation_slot(signal.slot(), note()));
        poll();
    }

    void retry(std::optional<run_record> found, const error_code& ec = {})
    {
        asked.retry({}, note());
        poll();
        store.answer_question(std::move(found), ec);
        poll();
    }

    /** A run that has ended so. */
    static run_record ended(outcome how, std::string chain = "a")
    {
        run_record out;
        out.chain = std::move(chain);
        out.scheduled_at = t0 - 60s;
        out.outcome = how;
        out.jobs.push_back({.job = out.chain, .outcome = how});
        return out;
    }
};

} // namespace runs_on_demand

BOOST_FIXTURE_TEST_SUITE(runs_on_demand, demands)

BOOST_AUTO_TEST_CASE(a_run_is_claimed_sent_and_told_of)
{
    begin();
    run_for(5s);
    trigger("a");
    BOOST_TEST(noted() == strings{"claim a@5"});
    answer();
    BOOST_TEST(noted() == strings{"started a@5"});
    BOOST_TEST(answers.empty());
    run_for(10s);
    BOOST_TEST(answers == std::vector{error_code{}});
    BOOST_TEST((last.trigger == run_trigger::manual));
    BOOST_TEST(last.outcome == outcome::completed);
}

BOOST_AUTO_TEST_CASE(it_runs_beside_others)
{
    begin();
    trigger("a");
    run_for(1s);
    trigger("a");
    answer();
    answer();
    BOOST_TEST(runs.running() == 2U);
}

BOOST_AUTO_TEST_CASE(an_instant_of_the_schedule_keeps_its_name)
{
    begin();
    trigger("daily"); // at midnight
    poll();
    BOOST_REQUIRE_EQUAL(store.batches.size(), 1U);
    BOOST_TEST(store.batches.front().changes->claims.front().scheduled_at == t0 + 1us);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_is_followed_by_the_next)
{
    begin();
    store.wins = [](const claim_request& r) { return r.scheduled_at == t0 + 2us; };
    trigger("a");
    answer();
    answer();
    answer();
    BOOST_TEST(runs.running() == 1U);
    run_for(10s);
    BOOST_TEST(last.scheduled_at == t0 + 2us);
}

BOOST_AUTO_TEST_CASE(after_a_hundred_names_it_is_given_up)
{
    begin();
    store.wins = [](const claim_request&) { return false; };
    trigger("a");
    answer_all();
    BOOST_TEST(answers == std::vector{make_error_code(errc::already_claimed)});
    BOOST_TEST(noted().size() == 101U);
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_is_told_of_unless_runs_go_without_it)
{
    begin();
    trigger("a");
    answer(disk_full);
    BOOST_TEST(answers == std::vector{disk_full});
    BOOST_TEST(!runs.is_busy("a"));
    due.set_on_store_error(on_store_error::proceed);
    trigger("a");
    answer(disk_full);
    BOOST_TEST(runs.running() == 1U);
}

BOOST_AUTO_TEST_CASE(who_asks_in_vain_is_told_why)
{
    begin();
    trigger("b");
    BOOST_TEST(answers == std::vector{make_error_code(errc::no_such_job)});
    stop_firing();
    trigger("a");
    asked.retry({}, note());
    poll();
    BOOST_TEST(answers.at(1) == make_error_code(errc::not_running));
    BOOST_TEST(answers.at(2) == make_error_code(errc::not_running));
    BOOST_TEST(store.questions.empty());
}

BOOST_AUTO_TEST_CASE(nothing_begins_where_someone_stops_the_runner_meanwhile)
{
    begin();
    due.serve(
        {.arm = [this] { stop_firing(); },
         .look_for_step = [] {},
         .is_awaited = [](const auto&, const due_run&) { return false; }});
    trigger("a");
    BOOST_TEST(answers == std::vector{make_error_code(errc::not_running)});
    BOOST_TEST(noted().empty());
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(what_can_be_retried_is_what_has_ended_without_success)
{
    begin();
    run_record open = ended(outcome::failed);
    open.outcome.reset();
    const std::vector<std::pair<std::optional<run_record>, errc>> cases{
        {std::nullopt, errc::no_such_run},
        {open, errc::run_not_ended},
        {ended(outcome::completed), errc::nothing_to_retry},
        {ended(outcome::failed, "gone"), errc::no_such_job}};
    for (const auto& [found, why] : cases) {
        retry(found);
        BOOST_TEST(answers.back() == make_error_code(why));
    }
    retry({}, disk_full);
    BOOST_TEST(answers.back() == disk_full);
    BOOST_TEST(noted().empty());
}

BOOST_AUTO_TEST_CASE(a_retry_keeps_the_name_of_its_run)
{
    begin();
    retry(ended(outcome::failed));
    BOOST_TEST(noted() == strings{"retry a@-60"});
    answer();
    BOOST_TEST(noted() == strings{"started a@-60"});
    run_for(10s);
    BOOST_TEST((last.trigger == run_trigger::retry));
    BOOST_TEST(last.outcome == outcome::completed);
}

BOOST_AUTO_TEST_CASE(a_run_that_someone_else_retries_is_left_to_him)
{
    begin();
    store.wins = [](const claim_request&) { return false; };
    retry(ended(outcome::failed));
    answer();
    BOOST_TEST(answers == std::vector{make_error_code(errc::run_not_ended)});
    BOOST_TEST(!runs.is_busy("a"));
}

BOOST_AUTO_TEST_CASE(what_is_claimed_ahead_follows_what_someone_asks_for)
{
    store.lead = 100ms;
    start({make("a", schedule{.every = 60s})});
    answer_all();
    run_for(60s - 50ms);
    due.fire_ahead();
    answer();
    noted();
    trigger("a");
    answer_all();
    BOOST_TEST(
        noted() == (strings{"return a@60 withdrawn, remember a@60", "claim a@59", "started a@59"}),
        per_element());
}

BOOST_AUTO_TEST_CASE(a_cancellation_ends_the_run_before_and_after_it_begins)
{
    begin();
    trigger_with_signal("a");
    signal.emit(asio::cancellation_type::terminal);
    answer_all();
    BOOST_TEST(answers == std::vector<error_code>{asio::error::operation_aborted});
    trigger_with_signal("a");
    answer_all();
    BOOST_TEST(runs.running() == 1U);
    signal.emit(asio::cancellation_type::terminal);
    answer_all();
    BOOST_TEST(answers.size() == 2U);
    BOOST_TEST(last.outcome == outcome::cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
