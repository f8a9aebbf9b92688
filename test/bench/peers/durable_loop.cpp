// The loop of send_loop.hpp with an SQLite database: all runs of an instant are on the disk before
// the first is sent, and what has ended is recorded in one commit for many. It writes on the loop's
// own thread, and reads nothing back at its start.

#include "send_loop.hpp"

#include <sqlite3.h>

#include <stdexcept>

class database {
public:
    explicit database(const std::string& path)
    {
        check(sqlite3_open(path.c_str(), &db_));
        execute("PRAGMA journal_mode = WAL");
        execute("PRAGMA synchronous = FULL");
        execute("CREATE TABLE IF NOT EXISTS runs (job TEXT, due INTEGER, claimed_at INTEGER,"
                " ended_at INTEGER, PRIMARY KEY (job, due)) WITHOUT ROWID");
        claim_ = prepare("INSERT INTO runs (claimed_at, job, due) VALUES (?, ?, ?)");
        end_ = prepare("UPDATE runs SET ended_at = ? WHERE job = ? AND due = ?");
    }

    void claim(const std::vector<due_run>& runs) { write(claim_, runs); }
    void end(const std::vector<due_run>& runs) { write(end_, runs); }

private:
    /** One commit for all. */
    void write(sqlite3_stmt* statement, const std::vector<due_run>& runs)
    {
        execute("BEGIN IMMEDIATE");
        for (const due_run& run : runs) {
            const std::string name = job_name(run.job);
            sqlite3_bind_int64(statement, 1, now());
            sqlite3_bind_text(
                statement, 2, name.c_str(), static_cast<int>(name.size()), SQLITE_STATIC);
            sqlite3_bind_int64(statement, 3, run.at);
            if (sqlite3_step(statement) != SQLITE_DONE)
                throw std::runtime_error(sqlite3_errmsg(db_));
            sqlite3_reset(statement);
        }
        execute("COMMIT");
    }

    void execute(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }

    sqlite3_stmt* prepare(const char* sql)
    {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr));
        return statement;
    }

    void check(int code) const
    {
        if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db_));
    }

    // Open until the process ends.
    sqlite3* db_ = nullptr;
    sqlite3_stmt* claim_ = nullptr;
    sqlite3_stmt* end_ = nullptr;
};

class durable_loop : public send_loop {
public:
    explicit durable_loop(settings s) : send_loop(std::move(s)), database_(given().store) {}

private:
    void claim(const std::vector<due_run>& runs) override { database_.claim(runs); }
    void record(const std::vector<due_run>& runs) override { database_.end(runs); }

    database database_;
};

int main(int argc, char** argv) { durable_loop(settings::from(argc, argv)).run(); }
