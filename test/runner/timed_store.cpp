#include "runner/services/timed_store.hpp"

#include "print.hpp"
#include "runner/asked_store.hpp"
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace timed_stores {

constexpr instant start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};
const error_code stalled = make_error_code(errc::store_stalled);
const error_code full = make_error_code(errc::queue_full);

/** A store with deadlines before one that answers when the test says so. */
struct one_timed_store {
    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), start};
    asked_store real;
    std::optional<timed_store> timed;
    std::vector<error_code> answers; // to writes
    std::vector<error_code> found;   // by reads
    std::vector<std::string> late;   // chains of claims that were answered late

    one_timed_store()
    {
        timed.emplace(
            ctx.get_executor(), std::make_shared<bound_time>(ctx.get_executor(), time), real);
        timed->on_late_claims(
            [this](
                const store_changes& batch, const error_code&, const std::vector<claim>& claims) {
                for (std::size_t i = 0; i < claims.size(); ++i)
                    late.push_back(batch.claims[i].chain);
            });
    }

    void commit(std::string chain = "a")
    {
        store_changes batch;
        batch.claims.push_back({.chain = std::move(chain), .scheduled_at = start});
        timed->async_commit(
            std::make_shared<const store_changes>(std::move(batch)), start,
            [this](const error_code& ec, const auto&) { answers.push_back(ec); });
    }

    void end()
    {
        timed->async_finish(std::make_shared<const run_record>(), [this](const error_code& ec) {
            answers.push_back(ec);
        });
    }

    void find()
    {
        timed->async_find_run(
            run_id{}, [this](const error_code& ec, const auto&) { found.push_back(ec); });
    }

    void run_for(microseconds span) { time.run_until(ctx, time.now() + span); }
};

} // namespace timed_stores

BOOST_FIXTURE_TEST_SUITE(timed_stores, one_timed_store)

BOOST_AUTO_TEST_CASE(an_answer_in_time_is_passed_on_and_the_next_is_asked)
{
    const error_code gone = make_error_code(boost::system::errc::io_error);
    commit();
    end();
    run_for(9s);
    real.answer_batch();
    real.answer_end(gone);
    run_for(1h);
    BOOST_TEST(answers == (std::vector{error_code{}, gone}));
    BOOST_TEST(late.empty());
}

BOOST_AUTO_TEST_CASE(a_write_has_ten_seconds_and_a_read_a_minute)
{
    commit();
    find();
    run_for(10s - 1us);
    BOOST_TEST(answers.empty());
    run_for(1us);
    BOOST_TEST(answers == std::vector{stalled});
    run_for(50s - 1us);
    BOOST_TEST(found.empty());
    run_for(1us);
    BOOST_TEST(found == std::vector{stalled});
}

BOOST_AUTO_TEST_CASE(nothing_is_asked_behind_what_is_not_answered)
{
    commit();
    run_for(10s);
    end();
    find();
    run_for(0s);
    BOOST_TEST(answers == (std::vector{stalled, full}));
    BOOST_TEST(found == std::vector{full});
    BOOST_TEST(real.ends.empty());
    real.answer_batch(); // late
    run_for(0s);
    end();
    real.answer_end();
    run_for(0s);
    BOOST_TEST(answers == (std::vector{stalled, full, error_code{}}));
}

BOOST_AUTO_TEST_CASE(all_that_are_late_must_answer_first)
{
    commit();
    end();
    run_for(10s);
    real.answer_batch();
    run_for(0s);
    commit();
    run_for(0s);
    BOOST_TEST(answers == (std::vector{stalled, stalled, full}));
}

BOOST_AUTO_TEST_CASE(claims_that_come_late_are_told_of_once)
{
    commit("a");
    commit("b");
    run_for(5s);
    real.answer_batch();
    run_for(5s);
    BOOST_TEST(late.empty());
    real.answer_batch();
    run_for(0s);
    BOOST_TEST(late == std::vector<std::string>{"b"});
    BOOST_TEST(answers == (std::vector{error_code{}, stalled}));
}

BOOST_AUTO_TEST_CASE(each_question_has_its_own_deadline)
{
    commit();
    run_for(6s);
    commit();
    run_for(4s);
    BOOST_TEST(answers == std::vector{stalled});
    run_for(6s - 1us);
    BOOST_TEST(answers.size() == 1U);
    run_for(1us);
    BOOST_TEST(answers.size() == 2U);
}

BOOST_AUTO_TEST_CASE(after_a_sleep_of_the_machine_the_store_has_its_time_anew)
{
    commit();
    ctx.poll();
    time.advance_to(start + 8h); // nobody ran meanwhile
    run_for(10s - 1us);
    BOOST_TEST(answers.empty());
    run_for(1us);
    BOOST_TEST(answers == std::vector{stalled});
}

BOOST_AUTO_TEST_CASE(handlers_are_called_on_its_own_executor)
{
    commit();
    real.answer_batch(); // on no executor at all
    BOOST_TEST(answers.empty());
    ctx.poll();
    BOOST_TEST(answers.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_handler_that_the_store_destroys_has_no_deadline)
{
    commit();
    real.batches.clear();
    run_for(1h);
    BOOST_TEST(answers.empty());
    end();
    real.answer_end();
    run_for(0s);
    BOOST_TEST(answers == std::vector{error_code{}});
}

BOOST_AUTO_TEST_CASE(after_its_end_answers_come_and_deadlines_do_not)
{
    commit();
    end();
    timed.reset();
    run_for(1h);
    BOOST_TEST(answers.empty());
    real.answer_batch();
    run_for(0s);
    BOOST_TEST(answers == std::vector{error_code{}});
}

BOOST_AUTO_TEST_SUITE_END()
