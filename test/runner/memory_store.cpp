#include <carillon/store/memory_store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

struct fixture {
    asio::io_context ctx;
    memory_store store{ctx.get_executor(), {.keep_runs = 2, .keep_runs_in_all = 3}};

    std::vector<claim> ask(std::vector<claim_request> batch, instant now = t0)
    {
        std::vector<claim> out;
        store.async_claim(
            {.claims = std::move(batch)}, now, [&](error_code ec, std::vector<claim> claims) {
                BOOST_TEST(!ec);
                out = std::move(claims);
            });
        BOOST_TEST(out.empty()); // not within the call
        ctx.restart();
        ctx.run();
        return out;
    }

    void end(const char* chain, instant at)
    {
        run_record run;
        run.chain = chain;
        run.scheduled_at = at;
        store.async_record(std::move(run), [](error_code ec) { BOOST_TEST(!ec); });
        ctx.restart();
        ctx.run();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(memory_stores, fixture)

BOOST_AUTO_TEST_CASE(an_occurrence_is_won_once)
{
    const auto claims = ask({{"a", t0}, {"b", t0}, {"a", t0}, {"a", t0 + 1us}});
    BOOST_TEST(claims.at(0).won);
    BOOST_TEST(claims.at(1).won);
    BOOST_TEST(!claims.at(2).won);
    BOOST_TEST(claims.at(3).won);
    end("a", t0);
    BOOST_TEST(!ask({{"a", t0}}).at(0).won); // nor after its end
}

BOOST_AUTO_TEST_CASE(fences_grow_with_every_claim_and_never_fall_behind_the_clock)
{
    const auto f1 = ask({{"a", t0}}, t0).at(0).fence;
    const auto f2 = ask({{"a", t0 + 1s}}, t0).at(0).fence;
    const auto f3 = ask({{"a", t0 + 2s}}, t0 - 1h).at(0).fence;
    const auto f4 = ask({{"a", t0 + 3s}}, t0 + 1h).at(0).fence;
    BOOST_TEST(f1 == t0.time_since_epoch().count());
    BOOST_TEST(f2 == f1 + 1);
    BOOST_TEST(f3 == f2 + 1);
    BOOST_TEST(f4 == (t0 + 1h).time_since_epoch().count());
}

BOOST_AUTO_TEST_CASE(what_is_told_of_jobs_is_remembered)
{
    const auto tell = [&](claim_batch notes) {
        store.async_claim(std::move(notes), t0, [](error_code, const auto&) {});
    };
    tell(
        {.missed = {{"a", t0, t0 + 1s, 2, reason::window}},
         .memories = {{.job = "c", .next = t0}, {.job = "a", .next = t0}}});
    tell({.memories = {{.job = "b", .next = t0}, {.job = "a", .next = t0 + 1s, .paused = true}}});
    tell({.forgotten = {"c", "nobody"}});
    std::vector<job_memory> loaded;
    store.async_load([&](error_code, std::vector<job_memory> m) { loaded = std::move(m); });
    ctx.restart();
    ctx.run();
    BOOST_TEST(
        (loaded == std::vector<job_memory>{
                       {.job = "a", .next = t0 + 1s, .paused = true}, {.job = "b", .next = t0}}));
    BOOST_TEST(store.missed().size() == 1U);
    BOOST_TEST((store.missed().front() == missed_record{"a", t0, t0 + 1s, 2, reason::window}));
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_bounded)
{
    for (int i = 0; i < 4; ++i) end("a", t0 + i * 1s);
    BOOST_REQUIRE_EQUAL(store.runs("a").size(), 2U);
    BOOST_TEST((store.runs("a").front().scheduled_at == t0 + 2s));
    end("b", t0);
    end("c", t0);
    end("d", t0);
    BOOST_TEST(store.runs("a").size() == 0U);
    BOOST_TEST(store.runs("d").size() == 1U);
    BOOST_TEST(store.runs("nobody").empty());
}

BOOST_AUTO_TEST_SUITE_END()
