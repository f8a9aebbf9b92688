// What is the SQLite store's alone: who may open it, and what is done with what it is asked for.

#include "store/opened_store.hpp"
#include <carillon/detail/sqlite.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

#include <barrier>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::detail;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace sqlite_stores {

/** What was remembered of jobs in the first and the second version, whose fields were columns. */
constexpr const char* jobs_as_before =
    "DROP TABLE jobs; CREATE TABLE jobs (name TEXT PRIMARY KEY, schedule INTEGER NOT NULL,"
    " next INTEGER NOT NULL, boot BLOB NOT NULL, origin INTEGER NOT NULL, anchor INTEGER NOT NULL,"
    " enabled INTEGER NOT NULL, paused INTEGER NOT NULL, owed TEXT) WITHOUT ROWID;";

} // namespace sqlite_stores

BOOST_FIXTURE_TEST_SUITE(sqlite_stores, opened_store)

BOOST_AUTO_TEST_CASE(only_one_daemon_opens_it)
{
    open();
    sqlite_store_options second{.path = path};
    BOOST_CHECK_EXCEPTION(
        sqlite_store(ctx.get_executor(), second), store_unusable, says("in use by another"));
    second.is_daemon = false;
    BOOST_CHECK_NO_THROW(sqlite_store(ctx.get_executor(), second));
    BOOST_TEST(sqlite_store_reader(path).has_daemon());
    store.reset();
    BOOST_TEST(!sqlite_store_reader(path).has_daemon());
    BOOST_CHECK_NO_THROW(open());
}

BOOST_AUTO_TEST_CASE(a_hard_link_is_the_same_store)
{
    open();
    const std::string link = folder / "link.db";
    std::filesystem::create_hard_link(path, link);
    BOOST_CHECK_EXCEPTION(
        sqlite_store(ctx.get_executor(), {.path = link}), store_unusable,
        says("in use by another"));
    BOOST_CHECK_EXCEPTION(
        sqlite_store(ctx.get_executor(), {.path = link, .is_daemon = false}), store_unusable,
        says("under another name"));
    BOOST_CHECK_EXCEPTION(sqlite_store_reader{link}, store_unusable, says("under another name"));
    BOOST_TEST(!note());
    store.reset();
    BOOST_TEST(sqlite_store_reader(link).find({}).entries.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_fresh_store_is_made_by_one_of_many)
{
    for (int round = 0; round < 20; ++round) {
        path = folder / ("fresh/" + std::to_string(round) + ".db");
        std::vector<std::string> errors(4);
        std::vector<std::thread> all;
        std::barrier at_once(static_cast<std::ptrdiff_t>(errors.size()));
        for (std::string& error : errors)
            all.emplace_back([&] {
                asio::io_context own;
                at_once.arrive_and_wait();
                try {
                    const sqlite_store s(own.get_executor(), {.path = path, .is_daemon = false});
                } catch (const store_unusable& e) {
                    error = e.what();
                }
            });
        for (std::thread& t : all) t.join();
        BOOST_TEST(errors == std::vector<std::string>(errors.size()), per_element());
        BOOST_TEST(sqlite_store_reader(path).find({}).entries.empty());
    }
}

BOOST_AUTO_TEST_CASE(two_ways_to_write_a_path_are_one_store)
{
    open();
    const std::string link = folder / "link";
    std::filesystem::create_symlink(std::filesystem::path(path).parent_path(), link);
    const std::string name = std::filesystem::path(path).filename();
    for (const std::string& other : {link + "/" + name, folder / ("link/../link/" + name)})
        BOOST_CHECK_EXCEPTION(
            sqlite_store(ctx.get_executor(), {.path = other}), store_unusable,
            says("in use by another"));
}

BOOST_AUTO_TEST_CASE(a_reader_sees_what_is_written_after_it_has_come)
{
    open();
    store.reset();
    sqlite_store_reader reader(path);
    for (std::size_t i = 1; i <= 3; ++i) {
        open();
        BOOST_TEST(!note());
        if (i == 3) store.reset(); // it has come and gone
        BOOST_TEST(reader.find({}).entries.size() == i);
        store.reset();
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_store_is_refused_and_left_as_it_is)
{
    BOOST_CHECK_EXCEPTION(sqlite_store_reader{path}, store_unusable, says("there is no store"));
    open();
    store.reset();
    sqlite::database(path).execute("PRAGMA user_version = 7", "test");
    BOOST_CHECK_EXCEPTION(open(), store_unusable, says("newer carillon (version 7"));
    BOOST_CHECK_EXCEPTION(sqlite_store_reader{path}, store_unusable, says("newer carillon"));
    sqlite::database(path).execute("PRAGMA application_id = 1", "test");
    BOOST_CHECK_EXCEPTION(open(), store_unusable, says("no store of carillon's"));
    path = folder.write(
        "text", "no database at all, but long enough for a header of one........"
                "...............................................................");
    BOOST_CHECK_EXCEPTION(open(), store_unusable, says("not an SQLite database"));
    path = folder / "text/carillon.db";
    BOOST_CHECK_EXCEPTION(open(), store_unusable, says("cannot"));
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_done_before_the_end)
{
    open();
    for (int i = 0; i < 3000; ++i) record("a" + std::to_string(i), t0);
    BOOST_TEST(store->queued() > 0U);
    store.reset();
    run();
    BOOST_TEST(sqlite_store_reader(path).find({.limit = 10'000}).entries.size() == 3000U);
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_written_does_not_fail_others)
{
    open();
    auto twice = std::make_shared<store_changes>();
    twice->claims = {{.chain = "a", .scheduled_at = t0, .run = {}}};
    sqlite::database other(path);
    // A row that breaks a rule of the table.
    other.execute(
        "CREATE TRIGGER t BEFORE INSERT ON history WHEN new.chain = 'bad'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END",
        "test");
    std::vector<bool> failed;
    for (const char* chain : {"a", "bad", "b"}) {
        auto r = std::make_shared<run_record>();
        r->chain = chain;
        r->id.data[0] = static_cast<std::uint8_t>(chain[0]);
        store->async_finish(r, [&](error_code ec) { failed.push_back(ec.failed()); });
    }
    run();
    BOOST_TEST(failed == (std::vector<bool>{false, true, false}), per_element());
    BOOST_TEST(chains_left().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_store_of_the_first_version_is_brought_forward)
{
    open();
    record("past", t0);
    record("ahead", t0 + std::chrono::years{50});
    run();
    store.reset();
    sqlite::database(path).execute(
        (std::string(jobs_as_before) +
         "DROP INDEX runs_of_chain; DROP INDEX spans_of_chain; DROP TABLE clock;"
         " ALTER TABLE history DROP COLUMN kept_at; PRAGMA user_version = 1")
            .c_str(),
        "test");
    BOOST_CHECK_EXCEPTION(sqlite_store_reader{path}, store_unusable, says("older carillon"));
    open({.path = {}, .limits = {.keep = std::chrono::years{200}}});
    BOOST_TEST(!note());
    sqlite::database db(path, sqlite::access::read_only);
    constexpr const char* purpose = "test";
    BOOST_TEST(
        db.number("SELECT kept_at FROM history WHERE chain = 'past'", purpose) ==
        t0.time_since_epoch().count());
    const auto now = db.number("SELECT kept FROM clock", purpose);
    BOOST_TEST(db.number("SELECT kept_at FROM history WHERE chain = 'ahead'", purpose) <= now);
    BOOST_TEST(db.number("SELECT kept_at FROM history WHERE chain = 'a'", purpose) == now);
}

BOOST_AUTO_TEST_CASE(the_second_version_did_not_know_of_used_names)
{
    open();
    for (const auto at : {0h, 1h, 2h, 4h}) record("often", t0 + at);
    run();
    store.reset();
    const std::string next = std::to_string((t0 + 3h).time_since_epoch().count());
    sqlite::database(path).execute(
        (std::string(jobs_as_before) + "INSERT INTO jobs VALUES ('often', 0, " + next +
         ", zeroblob(16), 0, 0, 1, 0, NULL), ('never', 0, " + next +
         ", zeroblob(16), 0, 0, 1, 0, NULL); PRAGMA user_version = 2")
            .c_str(),
        "test");
    open();
    auto found = memories();
    BOOST_TEST(found["never"].used.empty());
    BOOST_TEST(
        found["often"].used ==
            (std::vector{used_span{.ticks = any_time, .from = t0, .to = t0 + 2h}}),
        per_element());
}

BOOST_AUTO_TEST_CASE(the_third_version_had_a_column_for_each_field_of_a_memory)
{
    open();
    store.reset();
    sqlite::database(path).execute(
        (std::string(jobs_as_before) +
         "ALTER TABLE jobs ADD COLUMN used TEXT;"
         " INSERT INTO jobs VALUES ('whole', -1, 3, x'00000000000000000000000000000007', 4, 5, 0,"
         " 1, '[[1,2,3,4,5],[0,0,7,8,9]]', '[[-1,0,3,4,1]]'),"
         " ('a \"bare\" one', 1, 9223372036854775807, zeroblob(16), 0, 0, 1, 0, NULL, NULL);"
         " PRAGMA user_version = 3")
            .c_str(),
        "test");
    open();
    auto found = memories();
    BOOST_REQUIRE_EQUAL(found.size(), 2U);
    job_memory whole{
        .job = "whole",
        .schedule = ~std::uint64_t{0},
        .next = instant{3us},
        .origin = 4us,
        .anchor = instant{5us},
        .enabled = false,
        .paused = true,
        .backlog =
            {{.ticks = {.anchor = instant{1us}, .every = 2us},
              .from = instant{3us},
              .to = instant{4us},
              .count = 5},
             {.from = instant{7us}, .to = instant{8us}, .count = 9}},
        .used = {{.ticks = any_time, .from = instant{3us}, .to = instant{4us}}}};
    whole.boot.data[15] = 7;
    BOOST_TEST(found["whole"] == whole);
    const job_memory bare{.job = "a \"bare\" one", .schedule = 1};
    BOOST_TEST(found["a \"bare\" one"] == bare);
    const auto version = sqlite::database(path).number("PRAGMA user_version", "test");
    BOOST_TEST(version == 4);
}

BOOST_AUTO_TEST_CASE(tables_are_not_changed_under_a_process_of_an_older_version)
{
    open();
    sqlite::database(path).execute("PRAGMA user_version = 3", "test"); // so that it seems older
    BOOST_CHECK_EXCEPTION(
        sqlite_store(ctx.get_executor(), {.path = path, .is_daemon = false}), store_unusable,
        says("in use by an older carillon"));
    BOOST_TEST(sqlite::database(path).number("PRAGMA user_version", "test") == 3);
}

BOOST_AUTO_TEST_CASE(a_memory_that_is_no_json_is_damage)
{
    open();
    sqlite::database(path).execute("INSERT INTO jobs VALUES ('a', 'x')", "test");
    error_code read;
    store->async_load([&](const error_code& ec, const recollection&) { read = ec; });
    run();
    BOOST_TEST(read.value() == SQLITE_CORRUPT);
}

BOOST_AUTO_TEST_SUITE_END()
