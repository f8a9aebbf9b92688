#include "store/sqlite/sqlite_schema.hpp"

#include <carillon/store/store_unusable.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

namespace carillon::detail::sqlite {
namespace {

/// `PRAGMA application_id`: the letters CARI.
constexpr int application_id = 0x43415249;

/// From each version to the next; never changed once released.
constexpr const char* steps[schema_version] = {
    // What is remembered of scheduled jobs.
    "CREATE TABLE jobs (name TEXT PRIMARY KEY, schedule INTEGER NOT NULL, next INTEGER NOT NULL,"
    " boot BLOB NOT NULL, origin INTEGER NOT NULL, anchor INTEGER NOT NULL,"
    " enabled INTEGER NOT NULL, paused INTEGER NOT NULL, owed TEXT) WITHOUT ROWID;"
    // Runs that go; few.
    "CREATE TABLE claims (chain TEXT, scheduled_at INTEGER, run BLOB NOT NULL,"
    " trigger TEXT NOT NULL, fence INTEGER NOT NULL, due INTEGER NOT NULL,"
    " claimed_at INTEGER NOT NULL, recovers INTEGER NOT NULL, owner INTEGER NOT NULL,"
    " PRIMARY KEY (chain, scheduled_at)) WITHOUT ROWID;"
    // How far their jobs are.
    "CREATE TABLE progress (run BLOB, job TEXT, record TEXT NOT NULL, PRIMARY KEY (run, job))"
    " WITHOUT ROWID;"
    // Runs that have ended, and instants that came to none: of these `run` is null, and they reach
    // to `last`. Only appended to, and cut at its old end.
    "CREATE TABLE history (id INTEGER PRIMARY KEY, chain TEXT NOT NULL,"
    " scheduled_at INTEGER NOT NULL, last INTEGER, count INTEGER, run BLOB, trigger TEXT,"
    " outcome TEXT NOT NULL, reason TEXT, started_at INTEGER, ended_at INTEGER NOT NULL,"
    " lateness INTEGER, fence INTEGER, jobs TEXT);"
    "CREATE INDEX history_by_chain ON history (chain, scheduled_at);"
    "CREATE INDEX history_by_run ON history (run) WHERE run IS NOT NULL;"
    "CREATE TABLE fence (last INTEGER NOT NULL);"
    "INSERT INTO fence VALUES (0);",
    // When an entry was written down by the store's own clock, whose last state is kept, with the
    // wall clock of that time. What the wall clock said of entries may lie years ahead.
    "ALTER TABLE history ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0;"
    "UPDATE history SET kept_at = min(ended_at, unixepoch() * 1000000);"
    "CREATE TABLE clock (kept INTEGER NOT NULL, wall INTEGER NOT NULL);"
    "INSERT INTO clock VALUES (unixepoch() * 1000000, unixepoch() * 1000000);"
    // The newest of a chain are those that were written down last; within an index rows have the
    // order of their ids.
    "CREATE INDEX runs_of_chain ON history (chain) WHERE run IS NOT NULL;"
    "CREATE INDEX spans_of_chain ON history (chain) WHERE run IS NULL;",
    // After which instants runs have been named, as far as history knows: any_time, and the first
    // and the last of them.
    "ALTER TABLE jobs ADD COLUMN used TEXT;"
    "UPDATE jobs SET used = json_array(json_array(-1, 0,"
    " (SELECT scheduled_at FROM history WHERE chain = name AND run IS NOT NULL"
    "  ORDER BY scheduled_at LIMIT 1),"
    " (SELECT scheduled_at FROM history WHERE chain = name AND run IS NOT NULL"
    "  AND scheduled_at < next ORDER BY scheduled_at DESC LIMIT 1), 1))"
    " WHERE EXISTS (SELECT 1 FROM history WHERE chain = name AND run IS NOT NULL);",
    // What is remembered of a job is one text, as to_text has it: no store looks into it.
    "CREATE TABLE texts (name TEXT PRIMARY KEY, memory TEXT NOT NULL) WITHOUT ROWID;"
    "INSERT INTO texts SELECT name, printf('{\"schedule\":%u,\"next\":%d,\"boot\":\"%s\","
    "\"origin\":%d,\"anchor\":%d,\"enabled\":%s,\"paused\":%s,\"owed\":%s,\"used\":%s}',"
    " schedule, next, lower(hex(boot)), origin, anchor, iif(enabled, 'true', 'false'),"
    " iif(paused, 'true', 'false'), ifnull(owed, '[]'), ifnull(used, '[]'))"
    " FROM jobs ORDER BY name;"
    "DROP TABLE jobs;"
    "ALTER TABLE texts RENAME TO jobs;",
};

/// What has to be right for what runs next.
constexpr const char* vital_tables[] = {"jobs", "claims", "progress", "fence", "clock"};

[[noreturn]] void refuse(const std::string& path, const std::string& why)
{
    throw store_unusable(path + ": " + why);
}

std::string damaged(const std::string& what)
{
    return "the store is damaged (" + what +
           "): put a copy in its place, or move it away to begin anew, in both cases together with "
           "the files -wal and -shm beside it";
}

bool is_about_shared_memory(int code)
{
    return code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMSIZE ||
           code == SQLITE_IOERR_SHMLOCK || code == SQLITE_IOERR_SHMMAP;
}

/** What a failure on opening means for those who have to mend it. */
[[noreturn]] void explain(const std::string& path, const boost::system::system_error& e)
{
    if (e.code().category() != category()) throw;
    switch (e.code().value() & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        refuse(path, "another program holds the store locked");
    case SQLITE_READONLY:
        refuse(path, "the store cannot be written: file or folder is read-only");
    case SQLITE_FULL:
        refuse(path, "the store cannot be written: the disk is full");
    case SQLITE_CORRUPT:
        refuse(path, damaged(e.code().message()));
    case SQLITE_CANTOPEN:
        refuse(
            path, "the store cannot be opened: carillon's user must be allowed to make SQLite's "
                  "files beside it (-wal, -shm), and to use those that are there");
    case SQLITE_IOERR:
        if (is_about_shared_memory(e.code().value()))
            refuse(
                path, "the store must lie on a local disk: its file system has no shared memory "
                      "for SQLite's file -shm");
        refuse(path, std::string("the disk cannot be read or written: ") + e.what());
    case SQLITE_NOTADB:
        refuse(path, "is no store of carillon's: not an SQLite database");
    default:
        refuse(path, std::string("the store cannot be used: ") + e.what());
    }
}

/** Tells a store from other databases, and from those of newer versions. */
int read_version(database& db, const std::string& path)
{
    // One look: a process that makes the tables meanwhile must not be seen by half.
    constexpr const char* purpose = "cannot read the store's version";
    const transaction look(db, purpose, transaction::kind::read);
    const auto id = db.number("PRAGMA application_id", purpose);
    const auto version = db.number("PRAGMA user_version", purpose);
    const bool is_empty = db.number("SELECT count(*) FROM sqlite_master", purpose) == 0;
    if (id != application_id && !is_empty)
        refuse(path, "is a database, but no store of carillon's");
    if (version > schema_version)
        refuse(
            path, fmt::format(
                      "the store was written by a newer carillon (version {} of its tables; this "
                      "program knows {})",
                      version, schema_version));
    return static_cast<int>(version);
}

void migrate(database& db, int version)
{
    constexpr const char* purpose = "cannot bring the store's tables up to date";
    transaction change(db, purpose);
    if (version == 0) db.execute("PRAGMA auto_vacuum = INCREMENTAL", purpose);
    for (; version < schema_version; ++version) db.execute(steps[version], purpose);
    db.execute(
        fmt::format(
            "PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, schema_version)
            .c_str(),
        purpose);
    change.commit();
}

std::string first_damage(database& db, const std::string& table)
{
    statement check(
        db, table.empty() ? "PRAGMA quick_check(1)" : "PRAGMA quick_check('" + table + "')",
        "cannot check the store");
    const std::string found = check.step() ? check.text(0) : "ok";
    // Above what it found stands where, and more may follow.
    const std::size_t begin = found.starts_with("***") ? found.find('\n') + 1 : 0;
    const std::string first = found.substr(begin, found.find('\n', begin) - begin);
    return first == "ok" ? "" : first;
}

/** The log is written into the database when it has a thousand pages, as SQLite has it, or an
 * eighth of the volume: it must not fill that by itself. */
void limit_log(database& db, const std::string& path)
{
    std::error_code ec;
    const std::filesystem::space_info volume = std::filesystem::space(path, ec);
    if (ec) return;
    const auto page =
        static_cast<std::uintmax_t>(db.number("PRAGMA page_size", "cannot set the store up"));
    const auto pages = std::clamp<std::uintmax_t>(volume.capacity / 8 / page, 16, 1000);
    db.execute(
        fmt::format("PRAGMA wal_autocheckpoint = {}", pages).c_str(), "cannot set the store up");
}

void check(database& db, const std::string& path, std::int64_t checked_bytes)
{
    std::string damage;
    if (size_of(db) <= checked_bytes)
        damage = first_damage(db, "");
    else
        for (const char* table : vital_tables)
            if (damage.empty()) damage = first_damage(db, table);
    if (!damage.empty()) refuse(path, damaged(damage));
}

/** Makes the tables, or changes them from an earlier version's: not under a process of that
 * version, and not before it is known that they are whole, since they are copied. */
void bring_forward(
    database& db,
    const std::string& path,
    int version,
    const owner_lock& owners,
    std::int64_t checked_bytes)
{
    if (version > 0 && owners.has_owners())
        refuse(path, "the store is in use by an older carillon: stop that one first");
    if (version > 0 && size_of(db) <= checked_bytes) check(db, path, checked_bytes);
    migrate(db, version);
}

} // namespace

std::string real_path(const std::string& path)
{
    std::error_code ec;
    const std::filesystem::path real = std::filesystem::weakly_canonical(path, ec);
    return ec ? path : real.string();
}

void make_folder(const std::string& path)
{
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code ec;
    if (folder.empty() || std::filesystem::exists(folder, ec)) return;
    std::filesystem::create_directories(folder, ec);
    if (ec) refuse(path, "cannot make the store's folder: " + ec.message());
}

database
open_for_writing(const std::string& path, const owner_lock& owners, std::int64_t checked_bytes)
{
    try {
        database db(path);
        const int version = read_version(db, path);
        // Before the first table, or never: history that is deleted gives its room back. Migration
        // sets when; at this place that would be a commit of its own.
        if (version == 0) db.execute("PRAGMA auto_vacuum = FULL", "cannot set the store up");
        statement mode(db, "PRAGMA journal_mode = WAL", "cannot set the store up");
        if (!mode.step() || mode.text(0) != "wal")
            refuse(path, "the store must lie on a local disk: others cannot share its log");
        mode.reset();
        // Each commit is on the disk before it is answered (SQLite: "WAL" loses the last commits
        // without it when the power fails).
        db.execute("PRAGMA synchronous = FULL", "cannot set the store up");
        // However long a reader has held it up.
        db.execute("PRAGMA journal_size_limit = 16777216", "cannot set the store up");
        limit_log(db, path);
        if (version < schema_version) bring_forward(db, path, version, owners, checked_bytes);
        check(db, path, checked_bytes);
        // Whether it can be written shows only now.
        transaction(db, "cannot write to the store").commit();
        return db;
    } catch (const boost::system::system_error& e) {
        explain(path, e);
    }
}

database open_for_reading(const std::string& path, access how)
{
    try {
        database db(path, how);
        if (read_version(db, path) < schema_version)
            refuse(
                path, "the store is empty, or from an older carillon: start the daemon of this "
                      "version once");
        return db;
    } catch (const boost::system::system_error& e) {
        explain(path, e);
    }
}

std::int64_t size_of(database& db)
{
    return db.number(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "cannot read the store's size");
}

std::string find_damage(database& db) { return first_damage(db, ""); }

} // namespace carillon::detail::sqlite
