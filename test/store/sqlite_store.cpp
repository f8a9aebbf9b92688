// What is the SQLite store's alone: commits in groups, what is kept, and who may open it.

#include "print.hpp"
#include "temporary_folder.hpp"
#include <carillon/detail/sqlite.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/store_reader.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <barrier>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <thread>

namespace asio = boost::asio;
using namespace carillon;
using namespace std::chrono_literals;

namespace sqlite_stores {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

struct fixture {
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
        store->async_record(r, [](error_code ec) { BOOST_TEST(!ec, ec.message()); });
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
        auto batch = std::make_shared<claim_batch>();
        batch->missed.push_back({"a", t0, t0, 1, reason::window});
        store->async_claim(
            batch, t0, [&](const error_code& ec, const std::vector<claim>&) { out = ec; });
        run();
        return out;
    }

    /** Closes the store, which first does what is left to do. */
    std::vector<std::string> chains_left()
    {
        run();
        store.reset();
        std::vector<std::string> out;
        for (const history_entry& e : store_reader(path).find({.limit = 100'000}).entries)
            out.push_back(std::get<run_record>(e.what).chain);
        return out;
    }

    /** Until the history's trimming has brought it down to so many entries. */
    void wait_for(std::size_t entries)
    {
        run();
        for (int i = 0; i < 2000; ++i) {
            if (store_reader(path).find({.limit = 100'000}).entries.size() == entries) return;
            std::this_thread::sleep_for(10ms); // the store's own thread trims
        }
        BOOST_ERROR("the history is not trimmed");
    }

    /** One that stands until it is told otherwise. */
    std::function<microseconds()> clock()
    {
        return [this] { return since_boot.load(); };
    }

    asio::io_context ctx;
    std::atomic<microseconds> since_boot{0us};
    test::temporary_folder folder;
    std::string path = folder / "state/carillon.db";
    std::optional<sqlite_store> store;
    int made = 0;
};

/** The files of a database, and what is in them. */
std::map<std::string, std::string> contents_beside(const std::string& path)
{
    std::map<std::string, std::string> out;
    const std::filesystem::path of(path);
    for (const auto& entry : std::filesystem::directory_iterator(of.parent_path())) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(of.filename().string())) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        out[name].assign(std::istreambuf_iterator<char>(file), {});
    }
    return out;
}

auto says(const char* words)
{
    return [words](const store_unusable& e) {
        BOOST_TEST_INFO(e.what());
        return std::string(e.what()).find(words) != std::string::npos;
    };
}

} // namespace sqlite_stores

BOOST_FIXTURE_TEST_SUITE(sqlite_stores, fixture)

BOOST_AUTO_TEST_CASE(only_one_daemon_opens_it)
{
    open();
    sqlite_store_options second{.path = path};
    BOOST_CHECK_EXCEPTION(
        sqlite_store(ctx.get_executor(), second), store_unusable, says("in use by another"));
    second.is_daemon = false;
    BOOST_CHECK_NO_THROW(sqlite_store(ctx.get_executor(), second));
    BOOST_TEST(store_reader(path).has_daemon());
    store.reset();
    BOOST_TEST(!store_reader(path).has_daemon());
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
    BOOST_CHECK_EXCEPTION(store_reader{link}, store_unusable, says("under another name"));
    BOOST_TEST(!note());
    store.reset();
    BOOST_TEST(store_reader(link).find({}).entries.size() == 1U);
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
        BOOST_TEST(errors == std::vector<std::string>(errors.size()), test::per_element());
        BOOST_TEST(store_reader(path).find({}).entries.empty());
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

BOOST_AUTO_TEST_CASE(a_file_that_is_moved_away_takes_nothing_more)
{
    for (const char* end : {"", "-wal", "-shm"}) {
        BOOST_TEST_INFO_SCOPE(end);
        path = folder / ("moved" + std::string(end) + ".db");
        open();
        BOOST_TEST(!note());
        const std::string aside = folder / "aside";
        std::filesystem::rename(path + end, aside);
        BOOST_TEST(note() == errc::store_moved);
        std::filesystem::rename(aside, path + end);
        BOOST_TEST(note() == errc::store_moved); // what came meanwhile is known to nobody
        store.reset();
        BOOST_TEST(store_reader(path).find({}).entries.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_deleted_log_is_written_into_the_file)
{
    open();
    BOOST_TEST(!note());
    std::filesystem::remove(path + "-wal");
    BOOST_TEST(note() == errc::store_moved);
    error_code asked;
    store->async_find({}, [&](error_code ec, const history_page&) { asked = ec; });
    run();
    BOOST_TEST(asked == errc::store_moved);
    BOOST_TEST(!std::filesystem::exists(path + "-wal"));
    // A kill now would lose nothing.
    const std::string copy = folder / "copy.db";
    std::filesystem::copy_file(path, copy);
    BOOST_TEST(store_reader(copy).find({}).entries.size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_log_in_its_place_is_not_overwritten)
{
    open();
    BOOST_TEST(!note());
    std::filesystem::remove(path + "-wal");
    std::ofstream(path + "-wal") << "of another program";
    const auto before = std::filesystem::last_write_time(path);
    BOOST_TEST(note() == errc::store_moved);
    BOOST_TEST((std::filesystem::last_write_time(path) == before));
}

BOOST_AUTO_TEST_CASE(who_comes_to_missing_files_is_refused)
{
    for (const char* end : {"-wal", "-shm"}) {
        path = folder / ("gone" + std::string(end) + ".db");
        open();
        BOOST_TEST(!note());
        std::filesystem::remove(path + end);
        BOOST_CHECK_EXCEPTION(
            sqlite_store(ctx.get_executor(), {.path = path, .is_daemon = false}), store_unusable,
            says("was deleted or moved"));
        BOOST_CHECK_EXCEPTION(store_reader{path}, store_unusable, says("was deleted or moved"));
        BOOST_TEST(!std::filesystem::exists(path + end));
    }
}

BOOST_AUTO_TEST_CASE(a_read_changes_nothing)
{
    open();
    BOOST_TEST(!note());
    // As a kill leaves it, with what was written in the log alone.
    const std::string killed = folder / "killed?#%41.db";
    for (const char* end : {"", "-wal"}) std::filesystem::copy_file(path + end, killed + end);
    store.reset();
    for (const std::string& file : {path, killed}) {
        BOOST_TEST_INFO_SCOPE(file);
        const auto before = contents_beside(file);
        {
            store_reader reader(file);
            BOOST_TEST(reader.find({}).entries.size() == 1U);
            BOOST_TEST((contents_beside(file) == before));
        }
        BOOST_TEST((contents_beside(file) == before));
    }
    path = killed;
    open();
    BOOST_TEST(!note());
    BOOST_TEST(store_reader(path).find({}).entries.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_reader_sees_what_is_written_after_it_has_come)
{
    open();
    store.reset();
    store_reader reader(path);
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
    BOOST_CHECK_EXCEPTION(store_reader{path}, store_unusable, says("there is no store"));
    open();
    store.reset();
    sqlite::database(path).execute("PRAGMA user_version = 7", "test");
    BOOST_CHECK_EXCEPTION(open(), store_unusable, says("newer carillon (version 7"));
    BOOST_CHECK_EXCEPTION(store_reader{path}, store_unusable, says("newer carillon"));
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
    BOOST_TEST(store_reader(path).find({.limit = 10'000}).entries.size() == 3000U);
}

BOOST_AUTO_TEST_CASE(entries_are_kept_for_a_time)
{
    open({.path = {}, .limits = {.keep = 24h}, .since_boot = clock()});
    for (int i = 0; i < 500; ++i) record("old", t0 + i * 1s);
    run();
    since_boot = 24h + 1s;
    record("new", t0); // a wall clock that was set back
    wait_for(1);
    BOOST_TEST(chains_left() == std::vector<std::string>{"new"}, test::per_element());
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
    BOOST_TEST(chains_left() == (std::vector<std::string>{"a", "a", "other"}), test::per_element());
    store_reader reader(path);
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

BOOST_AUTO_TEST_CASE(a_store_of_the_first_version_is_brought_forward)
{
    open();
    record("past", t0);
    record("ahead", t0 + std::chrono::years{50});
    run();
    store.reset();
    sqlite::database(path).execute(
        "DROP INDEX runs_of_chain; DROP INDEX spans_of_chain; DROP TABLE clock;"
        " ALTER TABLE history DROP COLUMN kept_at; ALTER TABLE jobs DROP COLUMN used;"
        " PRAGMA user_version = 1",
        "test");
    BOOST_CHECK_EXCEPTION(store_reader{path}, store_unusable, says("older carillon"));
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
    auto batch = std::make_shared<claim_batch>();
    batch->memories = {{.job = "often", .next = t0 + 3h}, {.job = "never", .next = t0 + 3h}};
    store->async_claim(batch, t0, [](const error_code&, const std::vector<claim>&) {});
    for (const auto at : {0h, 1h, 2h, 4h}) record("often", t0 + at);
    run();
    store.reset();
    sqlite::database(path).execute(
        "ALTER TABLE jobs DROP COLUMN used; PRAGMA user_version = 2", "test");
    open();
    std::map<std::string, std::vector<used_span>> used;
    store->async_load([&](const error_code&, const recollection& found) {
        for (const job_memory& m : found.memories) used[m.job] = m.used;
    });
    run();
    BOOST_TEST(used["never"].empty());
    BOOST_TEST(
        used["often"] == (std::vector{used_span{.ticks = any_time, .from = t0, .to = t0 + 2h}}),
        test::per_element());
}

BOOST_AUTO_TEST_CASE(so_many_entries_of_a_chain_are_kept)
{
    open({.path = {}, .limits = {.keep_runs = 3}});
    for (int i = 0; i < 700; ++i) record("often", t0 + i * 1s);
    record("seldom", t0);
    wait_for(4);
    // The newest of them.
    const auto page = store_reader(path).find({.chains = {"often"}});
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
    BOOST_TEST(store_reader(path).find({.limit = 1000}).entries.size() > 1U);
    BOOST_TEST(store_reader(path).find({.limit = 1000}).entries.size() < 30U);
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

BOOST_AUTO_TEST_CASE(one_that_cannot_be_written_does_not_fail_others)
{
    open();
    auto twice = std::make_shared<claim_batch>();
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
        store->async_record(r, [&](error_code ec) { failed.push_back(ec.failed()); });
    }
    run();
    BOOST_TEST(failed == (std::vector<bool>{false, true, false}), test::per_element());
    BOOST_TEST(chains_left().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
