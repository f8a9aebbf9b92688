#pragma once

#include "config_fixture.hpp"
#include "run_fixture.hpp"
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon::app {

/** A store in a temporary folder, as a daemon fills it. */
struct store_fixture : config_fixture, run_fixture {
    boost::asio::io_context ctx;
    const std::string path = (folder / "carillon.db").string();
    std::unique_ptr<sqlite_store> store = open();

    std::unique_ptr<sqlite_store> open(bool is_daemon = true)
    {
        return std::make_unique<sqlite_store>(
            ctx.get_executor(), sqlite_store_options{.path = path, .is_daemon = is_daemon});
    }

    /** Waits for one operation. */
    template <class Start>
    void finish(Start start)
    {
        bool done = false;
        start([&](error_code ec, auto&&...) {
            BOOST_TEST(!ec, ec.message());
            done = true;
        });
        ctx.restart();
        ctx.run();
        BOOST_TEST(done);
    }

    void record(run_record r)
    {
        finish([&](auto handler) {
            store->async_finish(std::make_shared<const run_record>(std::move(r)), handler);
        });
    }

    void keep(store_changes batch, instant now)
    {
        finish([&](auto handler) {
            store->async_commit(
                std::make_shared<const store_changes>(std::move(batch)), now, handler);
        });
    }

    void claim(const run_record& r, bool recovers = true)
    {
        keep(
            {.claims =
                 {{.chain = r.chain,
                   .scheduled_at = r.scheduled_at,
                   .run = r.id,
                   .due = r.scheduled_at,
                   .recovers = recovers}}},
            r.started_at);
    }
};

} // namespace carillon::app
