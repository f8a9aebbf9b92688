#pragma once

#include "print.hpp"
#include <carillon/store/store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carillon::test {

inline constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

inline run_id id_of(int n)
{
    run_id out{};
    out.data[15] = static_cast<std::uint8_t>(n);
    return out;
}

inline claim_request fresh(const char* chain, instant at, int id = 0)
{
    return {.chain = chain, .scheduled_at = at, .run = id_of(id), .due = at};
}

/** One process that uses a store. */
struct user {
    user(boost::asio::io_context& c, std::unique_ptr<store> s) : ctx(c), kept(std::move(s)) {}

    void run()
    {
        ctx.restart();
        ctx.run();
    }

    std::vector<claim> tell(store_changes batch, instant now = t0)
    {
        std::vector<claim> out;
        kept->async_commit(
            std::make_shared<const store_changes>(std::move(batch)), now,
            [&](error_code ec, std::vector<claim> claims) {
                BOOST_TEST(!ec, ec.message());
                out = std::move(claims);
            });
        BOOST_TEST(out.empty()); // not within the call
        run();
        return out;
    }

    std::vector<claim> ask(std::vector<claim_request> claims, instant now = t0)
    {
        return tell({.claims = std::move(claims)}, now);
    }

    void save(int id, job_record job)
    {
        kept->async_save_progress(
            id_of(id), std::move(job), [](error_code ec) { BOOST_TEST(!ec); });
        run();
    }

    void record(run_record run_of_it)
    {
        kept->async_finish(
            std::make_shared<const run_record>(std::move(run_of_it)),
            [](error_code ec) { BOOST_TEST(!ec, ec.message()); });
        run();
    }

    void end(const char* chain, instant at, int id = 0, outcome o = outcome::completed)
    {
        run_record r;
        r.id = id_of(id);
        r.chain = chain;
        r.scheduled_at = at;
        r.started_at = at;
        r.ended_at = at + std::chrono::seconds{1};
        r.outcome = o;
        record(std::move(r));
    }

    recollection load()
    {
        recollection out;
        kept->async_load([&](error_code ec, recollection found) {
            BOOST_TEST(!ec);
            out = std::move(found);
        });
        run();
        return out;
    }

    history_page find(history_query query)
    {
        history_page out;
        kept->async_find(std::move(query), [&](error_code ec, history_page found) {
            BOOST_TEST(!ec, ec.message());
            out = std::move(found);
        });
        run();
        return out;
    }

    std::optional<run_record> find_run(int id)
    {
        std::optional<run_record> out;
        kept->async_find_run(id_of(id), [&](error_code ec, std::optional<run_record> found) {
            BOOST_TEST(!ec);
            out = std::move(found);
        });
        run();
        return out;
    }

    boost::asio::io_context& ctx;
    std::unique_ptr<store> kept;
};

} // namespace carillon::test
