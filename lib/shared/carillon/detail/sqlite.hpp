#pragma once

#include <carillon/detail/file_use.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/**
 * SQLite's handles with owners.
 *
 * All members may block. A failure throws `boost::system::system_error` with SQLite's extended
 * code in @ref category. Its text is the purpose and SQLite's words.
 */
namespace carillon::detail::sqlite {

/** The category of SQLite's result codes. */
const boost::system::error_category& category() noexcept;

/** How a file is opened. */
enum class access {
    /// Creates the file if there is none.
    create,
    /// Reads while others may write, and uses their files beside the database.
    read_only,
    /// Reads while nobody writes. It needs only the right to read, and locks and writes nothing. It
    /// also reads a log that a process has left.
    still,
};

/** A database that is open; for one thread at a time. */
class database {
public:
    /** Opens a file, or `":memory:"`. */
    explicit database(const std::string& path, access how = access::create);
    database(database&& other) noexcept = default;
    database& operator=(database&& other) = delete;
    ~database();

    /** Runs statements without parameters or rows. `purpose` begins the text of an error. */
    void execute(const char* sql, const char* purpose);

    /** The first column of a statement's first row; 0 where there is none. */
    std::int64_t number(const char* sql, const char* purpose);

    /** Keeps the log's file as it is when this is closed. */
    void keep_log_at_close();

    /** How many rows the last statement changed. */
    int changes() const;

    sqlite3* handle() const noexcept { return handle_.get(); }

private:
    struct closer {
        void operator()(sqlite3* db) const noexcept;
    };

    using handle_ptr = std::unique_ptr<sqlite3, closer>;

    static handle_ptr open(const std::string& path, access how);
    explicit database(handle_ptr handle, bool closes_at_once);

    file_use use_; // ends after the handle
    handle_ptr handle_;
    bool closes_at_once_; // although this process may have locks on the file
};

/** A prepared statement; parameters count from 1 and columns from 0, as in SQLite. */
class statement {
public:
    /** `purpose` begins the text of an error; it and the database must outlive the statement. */
    statement(database& db, std::string_view sql, const char* purpose);

    statement& bind(int at, std::int64_t value);
    statement& bind(int at, std::string_view text);
    statement& bind_bytes(int at, const void* bytes, std::size_t size);
    statement& bind_null(int at);

    /** The same without a copy: the bytes must live until the statement has run. */
    statement& lend(int at, std::string_view text);
    statement& lend_bytes(int at, const void* bytes, std::size_t size);

    /** Moves to the next row. Returns whether there is one. */
    bool step();

    /** Runs it to its end and makes it ready for the next parameters. */
    void run();

    /** Makes it ready for the next parameters, whatever rows are left. */
    void reset();

    bool is_null(int at) const;
    std::int64_t number(int at) const;
    int small_number(int at) const;
    double real(int at) const;
    std::string text(int at) const;
    /** Valid until the next step or reset. */
    std::string_view bytes(int at) const;

private:
    struct finaliser {
        void operator()(sqlite3_stmt* s) const noexcept;
    };

    void check(int code);

    sqlite3* db_;
    const char* purpose_;
    std::unique_ptr<sqlite3_stmt, finaliser> handle_;
};

/** Changes that are made together, and rolled back unless they are committed. Also reads that see
 * one state. */
class transaction {
public:
    enum class kind { write, read };

    transaction(database& db, const char* purpose, kind what = kind::write);
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    void commit();

private:
    database& db_;
    const char* purpose_;
    bool committed_ = false;
};

} // namespace carillon::detail::sqlite
