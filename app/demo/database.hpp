#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/**
 * SQLite's handles with owners.
 *
 * All members may block; what fails throws `boost::system::system_error` with SQLite's code and
 * text.
 */
namespace carillon::app {

/** A database that is open; for one thread at a time. */
class database {
public:
    /** Opens a file, making it where there is none, or `":memory:"`. */
    explicit database(const std::string& path);

    /** Runs statements without parameters or rows. `purpose` begins the text of an error. */
    void execute(const char* sql, const char* purpose);

    /** How many rows the last statement changed. */
    int changes() const;

    sqlite3* handle() const noexcept { return handle_.get(); }

private:
    struct closer {
        void operator()(sqlite3* db) const noexcept;
    };

    std::unique_ptr<sqlite3, closer> handle_;
};

/** A prepared statement; parameters count from 1 and columns from 0, as in SQLite. */
class statement {
public:
    /** `purpose` begins the text of an error; it and the database must outlive the statement. */
    statement(database& db, std::string_view sql, const char* purpose);

    void bind(int at, std::int64_t value);
    void bind(int at, std::string_view text);

    /** Whether there is a next row, which the columns are then of. */
    bool step();

    /** Runs it to its end and makes it ready for the next parameters. */
    void run();

    bool is_null(int at) const;
    std::int64_t number(int at) const;
    int small_number(int at) const;
    double real(int at) const;
    std::string text(int at) const;

private:
    struct finaliser {
        void operator()(sqlite3_stmt* s) const noexcept;
    };

    void check(int code);

    sqlite3* db_;
    const char* purpose_;
    std::unique_ptr<sqlite3_stmt, finaliser> handle_;
};

/** Changes that are made together: rolled back unless they are committed. */
class transaction {
public:
    transaction(database& db, const char* purpose);
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    void commit();

private:
    database& db_;
    const char* purpose_;
    bool committed_ = false;
};

} // namespace carillon::app
