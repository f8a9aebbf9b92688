// How long and how much a SQLite store keeps.

#include "store/opened_store.hpp"
#include <carillon/detail/sqlite.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(sqlite_limits, opened_store)

BOOST_AUTO_TEST_CASE(entries_are_kept_for_a_time)
{
    open({.path = {}, .limits = {.keep = 24h}, .since_boot = clock()});
    for (int i = 0; i < 500; ++i) record("old", t0 + i * 1s);
    run();
    since_boot = 24h + 1s;
    record("new", t0); // a wall clock that was set back
    wait_for(1);
    BOOST_TEST(chains_left() == std::vector<std::string>{"new"}, per_element());
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_wrong_once_forgets_nothing)
{
    open({.path = {}, .limits = {.keep = 24h, .keep_runs = 2}, .since_boot = clock()});
    const instant wrong = t0 + std::chrono::years{5};
    record("a", t0);
    record("other", t0);
    record("a", wrong);
    for (int i = 1; i <= 4; ++i) record("a", t0 + i * 1s);
    wait_for(3);
    BOOST_TEST(chains_left() == (std::vector<std::string>{"a", "a", "other"}), per_element());
    sqlite_store_reader reader(path);
    const auto newest = reader.latest_runs({"a"}, 10).at(0);
    BOOST_REQUIRE_EQUAL(newest.size(), 2U);
    BOOST_TEST(newest[0].scheduled_at == t0 + 4s);
    BOOST_TEST(newest[1].scheduled_at == t0 + 3s);
}

BOOST_AUTO_TEST_CASE(time_while_it_is_closed_counts_for_a_week)
{
    struct row {
        const char* name;
        std::int64_t down_s; // by the wall clock
        std::chrono::hours counted;
    };
    for (const row& r :
         {row{"a day", 86'400, 24h}, row{"a year", 31'536'000, 7 * 24h},
          row{"set back", -86'400, 0h}}) {
        BOOST_TEST_INFO_SCOPE(r.name);
        path = folder / (std::string(r.name) + ".db");
        for (const auto& [keep, left] :
             {std::pair{r.counted + 1h, std::size_t{2}}, {r.counted - 1h, 1U}}) {
            if (keep < 0h) continue;
            std::filesystem::remove(path);
            open();
            record("old", t0);
            run();
            store.reset();
            {
                sqlite::database db(path);
                sqlite::statement back(db, "UPDATE clock SET wall = wall - ?1 * 1000000", "test");
                back.bind(1, r.down_s).run();
            }
            open({.path = {}, .limits = {.keep = keep}});
            record("new", t0);
            BOOST_TEST(chains_left().size() == left);
        }
    }
}

BOOST_AUTO_TEST_CASE(so_many_entries_of_a_chain_are_kept)
{
    open({.path = {}, .limits = {.keep_runs = 3}});
    for (int i = 0; i < 700; ++i) record("often", t0 + i * 1s);
    record("seldom", t0);
    wait_for(4);
    // The newest of them.
    const auto page = sqlite_store_reader(path).find({.chains = {"often"}});
    BOOST_TEST(std::get<run_record>(page.entries.back().what).scheduled_at == t0 + 697s);
}

BOOST_AUTO_TEST_CASE(so_many_bytes_are_kept_and_the_file_shrinks)
{
    open({.path = {}, .limits = {.keep_bytes = std::int64_t{1} << 20}});
    for (int i = 0; i < 200; ++i) record("large", t0 + i * 1s, 100'000);
    run();
    for (int i = 0; i < 2000 && std::filesystem::file_size(path) > 3U << 20; ++i) {
        std::this_thread::sleep_for(10ms);
        // Its log goes to the file when it is long enough, or at the end.
        if (i % 100 == 99) record("small", t0 + 1h), run();
    }
    store.reset();
    BOOST_TEST(std::filesystem::file_size(path) < 3U << 20);
    BOOST_TEST(sqlite_store_reader(path).find({.limit = 1000}).entries.size() > 1U);
    BOOST_TEST(sqlite_store_reader(path).find({.limit = 1000}).entries.size() < 30U);
}

BOOST_AUTO_TEST_CASE(the_history_stays_bounded_while_there_is_always_more_to_write)
{
    open({.path = {}, .limits = {.keep_runs = 2}});
    std::size_t most = 0;
    for (int i = 0; i < 6000; ++i) record(i % 3 == 0 ? "a" : "b", t0 + i * 1s);
    ctx.run_one(); // of the first commit; the others are queued
    while (store->queued() > 0) {
        most = std::max(most, sqlite_store_reader(path).find({.limit = 10'000}).entries.size());
        ctx.poll();
    }
    run();
    BOOST_TEST(most < 2000U);
}

BOOST_AUTO_TEST_CASE(a_guest_trims_only_where_no_daemon_does)
{
    for (const bool has_daemon : {true, false}) {
        path = folder / (has_daemon ? "one.db" : "other.db");
        std::optional<sqlite_store> daemon;
        if (has_daemon) daemon.emplace(ctx.get_executor(), sqlite_store_options{.path = path});
        open({.path = {}, .is_daemon = false, .limits = {.keep_runs = 1}});
        for (int i = 0; i < 5; ++i) record("a", t0 + i * 1s);
        BOOST_TEST(chains_left().size() == (has_daemon ? 5U : 1U));
    }
}

BOOST_AUTO_TEST_SUITE_END()
