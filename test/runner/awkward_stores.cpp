// That the awkward store is awkward, and keeps to the contract of a store.

#include "print.hpp"
#include "runner/awkward_store.hpp"
#include <carillon/store/memory_store.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace awkward_stores {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};

/** An awkward store before one in memory. */
struct connected_store {
    void connect(awkwardness how)
    {
        store = std::make_unique<awkward_store>(
            ctx.get_executor(), time, std::make_unique<memory_store>(ctx.get_executor(), shared),
            std::move(how));
    }

    run_record run_of(int n) const
    {
        run_record r;
        r.chain = "a";
        r.scheduled_at = t0 + n * 1s;
        r.id.data[15] = static_cast<std::uint8_t>(n);
        r.started_at = r.scheduled_at;
        r.outcome = outcome::completed;
        return r;
    }

    void claim(int n)
    {
        auto batch = std::make_shared<store_changes>();
        const run_record r = run_of(n);
        batch->claims = {{.chain = r.chain, .scheduled_at = r.scheduled_at, .run = r.id}};
        store->async_commit(batch, time.now(), [this](const error_code& ec, const auto& claims) {
            answers += ec ? '-' : claims.at(0).won ? 'c' : 'x';
        });
    }

    void save(int n)
    {
        store->async_save_progress(run_of(n).id, {.job = "a"}, [this](const error_code& ec) {
            answers += ec ? '-' : 's';
        });
    }

    void record(int n)
    {
        store->async_finish(std::make_shared<const run_record>(run_of(n)), [this](error_code ec) {
            answers += ec ? '-' : 'r';
            if (ec) BOOST_TEST(ec == asio::error::connection_reset);
        });
    }

    /** What was told, in order. */
    std::string told()
    {
        time.run_until(ctx, time.now() + 1min);
        return std::exchange(answers, {});
    }

    asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0};
    memory_store shared{ctx.get_executor(), {.keep_runs = 1000, .keep_claims = 1000}};
    std::unique_ptr<awkward_store> store;
    std::string answers;
};

} // namespace awkward_stores

BOOST_FIXTURE_TEST_SUITE(awkward_stores, awkward_stores::connected_store)

BOOST_AUTO_TEST_CASE(answers_of_one_kind_alone_are_in_order)
{
    for (const microseconds delay : {0s, 5s}) {
        int overtaken = 0;
        for (int n = 0; n < 40; n += 2) {
            connect({.seed = static_cast<std::uint64_t>(n), .longest_delay = delay});
            const bool is_first = delay == 0s;
            claim(is_first ? n : n + 100);
            save(n);
            claim(is_first ? n : n + 100); // the same once more: it is refused
            BOOST_TEST(answers.empty());   // not within the calls
            const std::string all = told();
            BOOST_TEST(all.size() == 3U);
            BOOST_TEST(all.find('c') < all.find('x'), all);
            if (all.front() == 's') ++overtaken;
        }
        BOOST_TEST(overtaken > 0);
        BOOST_TEST(overtaken < 20);
    }
}

BOOST_AUTO_TEST_CASE(an_error_tells_that_a_claim_was_not_kept_and_leaves_other_things_open)
{
    int kept = 0;
    int lost = 0;
    int refused = 0;
    for (int n = 0; n < 60; ++n) {
        connect({.seed = static_cast<std::uint64_t>(n), .loses_one_in = 1});
        claim(n);
        const bool is_refused = told() == "-";
        refused += is_refused ? 1 : 0;
        connect({});
        claim(n);
        BOOST_TEST(told() == (is_refused ? "c" : "x"));
        connect({.seed = static_cast<std::uint64_t>(n), .loses_one_in = 1});
        record(n);
        BOOST_TEST(told() == "-");
        const auto runs = shared.runs("a");
        const bool is_kept = !runs.empty() && runs.back().scheduled_at == t0 + n * 1s;
        ++(is_kept ? kept : lost);
    }
    BOOST_TEST(refused > 0);
    BOOST_TEST(refused < 60);
    BOOST_TEST(kept > 0);
    BOOST_TEST(lost > 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_answered_goes_with_the_store)
{
    connect({.longest_delay = 5s});
    claim(1);
    save(1);
    store.reset();
    BOOST_TEST(told().empty());
}

BOOST_AUTO_TEST_CASE(a_rival_wins_some_claims_and_ends_its_runs)
{
    memory_store others(ctx.get_executor(), shared);
    rival other(time, others, 1);
    connect({.meanwhile = [&](const store_changes& asked) { other.before(asked); }});
    std::string all;
    for (int n = 0; n < 200; ++n) {
        claim(n);
        all += told();
    }
    const auto lost = std::count(all.begin(), all.end(), 'x');
    BOOST_TEST(lost > 0);
    BOOST_TEST(lost < 50);
    std::ptrdiff_t scheduled = 0;
    std::ptrdiff_t manual = 0;
    for (const run_record& r : shared.runs("a"))
        ++(r.trigger == run_trigger::manual ? manual : scheduled);
    BOOST_TEST(scheduled == lost);
    BOOST_TEST(manual > 0);
}

BOOST_AUTO_TEST_SUITE_END()
