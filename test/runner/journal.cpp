#include "runner/core/journal.hpp"

#include "print.hpp"
#include "runner/parts.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace journals {

/** A journal whose owner remembers of each job how often it was asked. */
struct one_journal : shared_parts {
    std::vector<std::string> told;
    int recalls = 0;

    one_journal()
    {
        journal->serve(
            owner, {.recall =
                        [this](const std::set<std::string>& jobs) {
                            store_changes out;
                            ++recalls;
                            for (const auto& j : jobs) out.memories.push_back(memory(j, recalls));
                            return out;
                        },
                    .on_idle = [] {},
                    .on_still_failing = [this] { told.emplace_back("still failing"); },
                    .is_needed = [] { return true; },
                    .on_recovered = [this] { told.emplace_back("recovered"); }});
        shared->listeners->add([this](const event& e) {
            if (std::holds_alternative<store_failed>(e)) told.emplace_back("store failed");
            if (const auto* lost = std::get_if<record_failed>(&e))
                told.push_back("lost " + lost->run.chain);
        });
    }

    static job_memory memory(std::string job, int n)
    {
        return {.job = std::move(job), .next = t0 + n * 1s};
    }

    static missed_record missed(std::string chain, int from, int to, reason why)
    {
        return {std::move(chain), t0 + from * 1s, t0 + to * 1s, to - from + 1, why};
    }

    static store_changes claim_of(std::string chain)
    {
        store_changes out;
        out.claims.push_back({.chain = chain, .scheduled_at = t0});
        out.memories.push_back(memory(std::move(chain), 50));
        return out;
    }

    static std::shared_ptr<const run_record> run_of(std::string chain)
    {
        run_record run;
        run.chain = std::move(chain);
        return std::make_shared<const run_record>(std::move(run));
    }

    const store_changes& asked()
    {
        run_for(0s);
        BOOST_REQUIRE_EQUAL(store.batches.size(), 1U);
        return *store.batches.front().changes;
    }
};

const auto nothing = [](const error_code&, const auto&) {};

} // namespace journals

BOOST_FIXTURE_TEST_SUITE(journals, one_journal)

BOOST_AUTO_TEST_CASE(batches_go_to_the_store_one_at_a_time_in_their_order)
{
    std::vector<int> answered;
    journal->claim(claim_of("a"), [&](const error_code&, const auto&) { answered.push_back(1); });
    journal->claim(claim_of("b"), [&](const error_code&, const auto&) { answered.push_back(2); });
    BOOST_TEST(asked().claims.front().chain == "a");
    answer();
    BOOST_TEST(answered == std::vector{1});
    BOOST_TEST(asked().claims.front().chain == "b");
    BOOST_TEST(!journal->is_idle());
    answer();
    BOOST_TEST(answered == (std::vector{1, 2}));
    BOOST_TEST(journal->is_idle());
}

BOOST_AUTO_TEST_CASE(what_was_refused_goes_with_the_next_of_its_job_in_one_commit)
{
    journal->write({.missed = {missed("a", 1, 2, reason::window)}, .memories = {memory("a", 3)}});
    asked();
    answer(disk_full);
    journal->claim(claim_of("b"), nothing);
    BOOST_TEST(asked().missed.empty());
    answer(disk_full);
    journal->claim(claim_of("a"), nothing);
    BOOST_TEST(asked().missed == std::vector{missed("a", 1, 2, reason::window)});
    BOOST_TEST(told == std::vector<std::string>{"store failed"});
}

BOOST_AUTO_TEST_CASE(of_a_job_and_a_reason_one_span_waits)
{
    journal->write({.missed = {missed("a", 1, 2, reason::window)}});
    journal->write(
        {.missed = {missed("a", 3, 9, reason::window), missed("a", 4, 4, reason::overlap)}});
    asked();
    answer(disk_full);
    asked();
    answer(disk_full);
    run_for(1s);
    BOOST_TEST(
        asked().missed ==
        (std::vector{missed("a", 1, 9, reason::window), missed("a", 4, 4, reason::overlap)}));
}

BOOST_AUTO_TEST_CASE(what_waits_is_tried_again_with_the_state_of_its_jobs_by_then)
{
    journal->write({.memories = {memory("a", 90)}});
    asked();
    answer(disk_full);
    BOOST_TEST(journal->is_failing());
    BOOST_TEST(journal->last_error() == disk_full);
    run_for(999ms);
    BOOST_TEST(store.batches.empty());
    run_for(1ms);
    BOOST_TEST(asked().memories == std::vector{memory("a", 1)});
    answer();
    BOOST_TEST(!journal->is_failing());
    BOOST_TEST(told == (std::vector<std::string>{"store failed", "still failing", "recovered"}));
}

BOOST_AUTO_TEST_CASE(a_later_batch_of_the_same_job_takes_what_waits)
{
    journal->write({.missed = {missed("a", 1, 1, reason::window)}, .memories = {memory("a", 90)}});
    asked();
    answer(disk_full);
    journal->claim(claim_of("b"), nothing);
    run_for(1s); // a turn is asked for behind it
    journal->claim(claim_of("a"), nothing);
    asked();
    answer();
    // The state of the job counts its claim already, and the claim comes after.
    BOOST_TEST(asked().missed.empty());
    BOOST_TEST(asked().memories.empty());
    answer();
    BOOST_TEST(asked().missed.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_given_back_is_written_down_before_the_next_claim_of_its_chain)
{
    journal->claim(claim_of("b"), nothing);
    journal->give_back({{.chain = "a", .scheduled_at = t0}});
    journal->claim(claim_of("a"), nothing);
    asked();
    answer();
    asked();
    answer();
    BOOST_TEST(asked().returned.size() == 1U);
    BOOST_TEST(asked().claims.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_has_been_asked_for_is_not_amended)
{
    journal->claim(claim_of("a"), nothing);
    journal->claim(claim_of("a"), nothing);
    journal->amend([](job_memory& m) { m.paused = true; });
    BOOST_TEST(!asked().memories.front().paused);
    answer();
    BOOST_TEST(asked().memories.front().paused);
}

BOOST_AUTO_TEST_CASE(ten_thousand_ended_runs_wait_and_older_ones_are_told_of)
{
    for (int i = 0; i < 10'001; ++i) journal->finish(run_of("run " + std::to_string(i)));
    run_for(0s);
    while (!store.ends.empty()) store.answer_end(disk_full);
    run_for(0s);
    BOOST_TEST(told == (std::vector<std::string>{"store failed", "lost run 0"}));
    run_for(1s);
    BOOST_TEST(store.ends.size() == 10'000U);
}

BOOST_AUTO_TEST_CASE(at_the_end_what_waits_is_tried_once_more_and_then_given_up)
{
    journal->finish(run_of("a"));
    run_for(0s);
    BOOST_TEST(!journal->close());
    store.answer_end(disk_full);
    run_for(0s);
    BOOST_TEST(!journal->close());
    run_for(0s);
    BOOST_REQUIRE_EQUAL(store.ends.size(), 1U);
    store.answer_end(disk_full);
    run_for(0s);
    BOOST_TEST(journal->close());
    BOOST_TEST(told == (std::vector<std::string>{"store failed", "lost a"}));
    BOOST_TEST(journal->close()); // it has been
    run_for(1h);
    BOOST_TEST(store.ends.empty());
}

BOOST_AUTO_TEST_CASE(claims_that_were_won_too_late_are_given_back)
{
    store_changes batch = claim_of("a");
    batch.claims.push_back(
        {.chain = "b", .scheduled_at = t0, .what = claim_request::kind::recovered});
    journal->answered_late(batch, {}, {{.won = true}, {.won = true}});
    const store_changes& back = asked();
    BOOST_REQUIRE_EQUAL(back.returned.size(), 2U);
    BOOST_TEST((back.returned[0].what == returned_claim::kind::withdrawn));
    BOOST_TEST((back.returned[1].what == returned_claim::kind::begun));
    BOOST_TEST(back.memories.size() == 1U); // of the one of which nothing else knows
}

BOOST_AUTO_TEST_CASE(a_claim_that_was_refused_is_not_the_last_question)
{
    journal->claim({.claims = {{.chain = "a", .scheduled_at = t0}}}, nothing);
    asked();
    answer(disk_full);
    BOOST_TEST(journal->is_failing());
    run_for(1s);
    BOOST_TEST(asked().empty()); // whether it takes something again
    answer();
    BOOST_TEST(!journal->is_failing());
    BOOST_TEST(told == (std::vector<std::string>{"store failed", "still failing", "recovered"}));
}

BOOST_AUTO_TEST_CASE(after_its_end_it_begins_as_though_nothing_had_failed)
{
    journal->finish(run_of("a"));
    for (int i = 0; i < 2; ++i) {
        poll();
        store.answer_end(disk_full);
        poll();
        BOOST_TEST(journal->close() == (i == 1));
    }
    BOOST_TEST(!journal->is_failing());
}

BOOST_AUTO_TEST_CASE(who_is_told_of_a_loss_may_begin_anew)
{
    shared->listeners->add([&](const event& e) {
        if (std::holds_alternative<record_failed>(e)) journal->begin();
    });
    journal->finish(run_of("a"));
    poll();
    store.answer_end(disk_full);
    poll();
    BOOST_TEST(!journal->close());
    poll();
    store.answer_end(disk_full);
    poll();
    BOOST_TEST(journal->close());
    journal->finish(run_of("b"));
    poll();
    store.answer_end(disk_full);
    run_for(1s);
    BOOST_TEST(store.ends.size() == 1U); // it is tried again
}

BOOST_AUTO_TEST_CASE(a_turn_that_the_store_has_destroyed_is_asked_for_anew)
{
    journal->claim(claim_of("b"), nothing);
    journal->give_back({{.chain = "a", .scheduled_at = t0}});
    asked();
    store.batches.clear();
    journal->give_back({{.chain = "a", .scheduled_at = t0 + 1s}});
    BOOST_TEST(asked().returned.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_the_store_destroys_uncalled_is_under_way_no_more)
{
    const std::weak_ptr<int> seen = owner;
    journal->claim(claim_of("a"), nothing);
    journal->claim(claim_of("b"), nothing);
    journal->finish(run_of("a"));
    BOOST_TEST(!journal->is_idle());
    owner.reset();
    BOOST_TEST(!seen.expired());
    store.batches.clear();
    store.ends.clear();
    BOOST_TEST(journal->is_idle());
    BOOST_TEST(seen.expired());
}

BOOST_AUTO_TEST_SUITE_END()
