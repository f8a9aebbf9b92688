#pragma once

#include "print.hpp"
#include "store/store_user.hpp"
#include "temporary_folder.hpp"
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::test {

/** A SQLite store that is opened, closed and looked at, in a folder of its own. */
struct opened_store {
    sqlite_store& open(sqlite_store_options o = {})
    {
        o.path = path;
        store.reset();
        store.emplace(ctx.get_executor(), std::move(o));
        return *store;
    }

    void record(const std::string& chain, instant at, std::size_t message_bytes = 10)
    {
        auto r = std::make_shared<run_record>();
        r->id.data[0] = static_cast<std::uint8_t>(++made);
        r->id.data[1] = static_cast<std::uint8_t>(made >> 8);
        r->chain = chain;
        r->scheduled_at = at;
        r->started_at = at;
        r->ended_at = at;
        r->outcome = outcome::completed;
        r->jobs.emplace_back().message = std::string(message_bytes, 'x');
        store->async_finish(r, [](error_code ec) { BOOST_TEST(!ec, ec.message()); });
    }

    void run()
    {
        ctx.restart();
        ctx.run();
    }

    /** Writes one entry: what the store says. */
    error_code note()
    {
        error_code out;
        auto batch = std::make_shared<store_changes>();
        batch->missed.push_back({"a", t0, t0, 1, reason::window});
        store->async_commit(
            batch, t0, [&](const error_code& ec, const std::vector<claim>&) { out = ec; });
        run();
        return out;
    }

    /** What is remembered of jobs, by their names. */
    std::map<std::string, job_memory> memories()
    {
        std::map<std::string, job_memory> out;
        store->async_load([&](const error_code& ec, const recollection& found) {
            BOOST_TEST(!ec, ec.message());
            for (const job_memory& m : found.memories) out[m.job] = m;
        });
        run();
        return out;
    }

    /** Closes the store, which first does what is left to do. */
    std::vector<std::string> chains_left()
    {
        run();
        store.reset();
        std::vector<std::string> out;
        for (const history_entry& e : sqlite_store_reader(path).find({.limit = 100'000}).entries)
            out.push_back(std::get<run_record>(e.what).chain);
        return out;
    }

    /** Until the history's trimming has brought it down to so many entries. */
    void wait_for(std::size_t entries)
    {
        using namespace std::chrono_literals;
        run();
        for (int i = 0; i < 2000; ++i) {
            if (sqlite_store_reader(path).find({.limit = 100'000}).entries.size() == entries)
                return;
            std::this_thread::sleep_for(10ms); // the store's own thread trims
        }
        BOOST_ERROR("the history is not trimmed");
    }

    /** One that stands until it is told otherwise. */
    std::function<microseconds()> clock()
    {
        return [this] { return since_boot.load(); };
    }

    boost::asio::io_context ctx;
    std::atomic<microseconds> since_boot{microseconds{0}};
    temporary_folder folder;
    std::string path = folder / "state/carillon.db";
    std::optional<sqlite_store> store;
    int made = 0;

    /** Whether an error has these words. */
    static auto says(const char* words)
    {
        return [words](const store_unusable& e) {
            BOOST_TEST_INFO(e.what());
            return std::string(e.what()).find(words) != std::string::npos;
        };
    }
};

} // namespace carillon::test
