// A SQLite store whose files are moved, deleted or only read.

#include "store/opened_store.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace sqlite_files {

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

} // namespace sqlite_files

BOOST_FIXTURE_TEST_SUITE(sqlite_files, opened_store)

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
        BOOST_TEST(sqlite_store_reader(path).find({}).entries.size() == 1U);
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
    BOOST_TEST(sqlite_store_reader(copy).find({}).entries.size() == 1U);
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
        BOOST_CHECK_EXCEPTION(
            sqlite_store_reader{path}, store_unusable, says("was deleted or moved"));
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
            sqlite_store_reader reader(file);
            BOOST_TEST(reader.find({}).entries.size() == 1U);
            BOOST_TEST((contents_beside(file) == before));
        }
        BOOST_TEST((contents_beside(file) == before));
    }
    path = killed;
    open();
    BOOST_TEST(!note());
    BOOST_TEST(sqlite_store_reader(path).find({}).entries.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
