#include "store/store_user.hpp"
#include <carillon/store/memory_store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(memory_stores)

BOOST_AUTO_TEST_CASE(what_is_kept_is_bounded)
{
    asio::io_context ctx;
    auto store = std::make_unique<memory_store>(
        ctx.get_executor(), memory_store_options{.keep_runs = 2, .keep_runs_in_all = 3});
    const memory_store& kept = *store;
    user u(ctx, std::move(store));
    for (int i = 0; i < 4; ++i) u.end("a", t0 + i * 1s, i);
    BOOST_REQUIRE_EQUAL(kept.runs("a").size(), 2U);
    BOOST_TEST(kept.runs("a").front().scheduled_at == t0 + 2s);
    u.end("b", t0, 5);
    u.end("c", t0, 6);
    u.end("d", t0, 7);
    BOOST_TEST(kept.runs("a").size() == 0U);
    BOOST_TEST(kept.runs("d").size() == 1U);
    BOOST_TEST(kept.runs("nobody").empty());
}

BOOST_AUTO_TEST_CASE(without_a_connection_nothing_is_taken)
{
    asio::io_context ctx;
    memory_store memory(ctx.get_executor());
    auto store = std::make_unique<memory_store>(ctx.get_executor(), memory);
    store->disconnect();
    std::optional<error_code> result;
    store->async_commit(
        std::make_shared<const store_changes>(store_changes{.claims = {fresh("a", t0)}}), t0,
        [&](error_code ec, const auto&) { result = ec; });
    ctx.run();
    BOOST_TEST(result == errc::not_running);
    user other(ctx, std::make_unique<memory_store>(ctx.get_executor(), memory));
    BOOST_TEST(other.ask({fresh("a", t0)}).at(0).won);
}

BOOST_AUTO_TEST_SUITE_END()
