#include <carillon/detail/sqlite.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

namespace carillon::detail::sqlite {
namespace {

/// How long another process may hold the file.
constexpr int busy_timeout_ms = 2000;

class sqlite_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "sqlite"; }
    std::string message(int code) const override { return ::sqlite3_errstr(code); }
};

/** A use of the database's file, which has just been opened. Without a file, a use of none. */
file_use use_of(sqlite3* db)
{
    const char* path = ::sqlite3_db_filename(db, "main");
    const std::optional<file_id> file =
        path != nullptr && *path != 0 ? file_at(path) : std::nullopt;
    return file ? file_use(*file) : file_use();
}

bool is_filled(const std::string& path)
{
    std::error_code ec;
    const auto size = std::filesystem::file_size(path, ec);
    return !ec && size > 0;
}

/** A file that does not change while it is open (https://www.sqlite.org/uri.html). */
std::string constant_uri(const std::string& path)
{
    std::string out = "file:";
    for (const char c : path) {
        if (c == '?' || c == '#' || c == '%')
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out + "?immutable=1";
}

/** Only the purpose and SQLite's words; `system_error` would add the code's words. */
class database_error final : public boost::system::system_error {
public:
    database_error(boost::system::error_code ec, std::string text)
        : system_error(ec), text_(std::move(text))
    {}

    const char* what() const noexcept override { return text_.c_str(); }

private:
    std::string text_;
};

[[noreturn]] void fail(sqlite3* db, const char* purpose)
{
    const int code = db != nullptr ? ::sqlite3_extended_errcode(db) : SQLITE_NOMEM;
    const char* text = db != nullptr ? ::sqlite3_errmsg(db) : ::sqlite3_errstr(code);
    throw database_error({code, category()}, std::string(purpose) + ": " + text);
}

bool leave_log(sqlite3* db)
{
    return ::sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) == SQLITE_OK;
}

/** Reads a log with an index in memory, not beside the file, and does not change it at the end. */
void keep_log(sqlite3* db)
{
    if (!leave_log(db) ||
        ::sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", nullptr, nullptr, nullptr) !=
            SQLITE_OK)
        fail(db, "cannot read the store's log");
}

} // namespace

const boost::system::error_category& category() noexcept
{
    static const sqlite_category one;
    return one;
}

database::handle_ptr database::open(const std::string& path, access how)
{
    const bool has_log = how == access::still && is_filled(path + "-wal");
    const bool is_constant = how == access::still && !has_log;
    const std::string name = is_constant ? constant_uri(path) : path;
    // A database is for one thread at a time, and needs no mutex of SQLite's.
    const int flags = SQLITE_OPEN_NOMUTEX |
                      (how == access::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                             : SQLITE_OPEN_READONLY) |
                      (is_constant ? SQLITE_OPEN_URI : 0);
    sqlite3* db = nullptr;
    const int code = ::sqlite3_open_v2(name.c_str(), &db, flags, has_log ? "unix-none" : nullptr);
    handle_ptr out(db); // not null after most failures: it has the reason
    if (code != SQLITE_OK) fail(db, ("cannot open " + path).c_str());
    ::sqlite3_busy_timeout(db, busy_timeout_ms);
    if (has_log) keep_log(db);
    return out;
}

// SQLite locks nothing before its first statement.
database::database(const std::string& path, access how)
    : database(open(path, how), how == access::still)
{}

database::database(handle_ptr handle, bool closes_at_once)
    : use_(use_of(handle.get())), handle_(std::move(handle)), closes_at_once_(closes_at_once)
{}

database::~database()
{
    // SQLite keeps its descriptors itself until no lock needs them, but not where it never locks.
    if (handle_ && closes_at_once_) use_.park(std::shared_ptr<void>(std::move(handle_)));
}

void database::execute(const char* sql, const char* purpose)
{
    if (::sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(handle(), purpose);
}

std::int64_t database::number(const char* sql, const char* purpose)
{
    statement s(*this, sql, purpose);
    return s.step() ? s.number(0) : 0;
}

void database::keep_log_at_close()
{
    if (!leave_log(handle())) fail(handle(), "cannot leave the log as it is");
}

int database::changes() const { return ::sqlite3_changes(handle()); }

void database::closer::operator()(sqlite3* db) const noexcept { ::sqlite3_close_v2(db); }

statement::statement(database& db, std::string_view sql, const char* purpose)
    : db_(db.handle()), purpose_(purpose)
{
    sqlite3_stmt* made = nullptr;
    check(::sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &made, nullptr));
    handle_.reset(made);
}

// Transient: SQLite keeps a copy, so that callers need not care how long a text lives.

statement& statement::bind(int at, std::int64_t value)
{
    check(::sqlite3_bind_int64(handle_.get(), at, value));
    return *this;
}

statement& statement::bind(int at, std::string_view text)
{
    const auto size = static_cast<int>(text.size());
    check(::sqlite3_bind_text(handle_.get(), at, text.data(), size, SQLITE_TRANSIENT));
    return *this;
}

statement& statement::bind_bytes(int at, const void* bytes, std::size_t size)
{
    check(::sqlite3_bind_blob(handle_.get(), at, bytes, static_cast<int>(size), SQLITE_TRANSIENT));
    return *this;
}

statement& statement::bind_null(int at)
{
    check(::sqlite3_bind_null(handle_.get(), at));
    return *this;
}

statement& statement::lend(int at, std::string_view text)
{
    const auto size = static_cast<int>(text.size());
    check(::sqlite3_bind_text(handle_.get(), at, text.data(), size, SQLITE_STATIC));
    return *this;
}

statement& statement::lend_bytes(int at, const void* bytes, std::size_t size)
{
    check(::sqlite3_bind_blob(handle_.get(), at, bytes, static_cast<int>(size), SQLITE_STATIC));
    return *this;
}

bool statement::step()
{
    const int code = ::sqlite3_step(handle_.get());
    if (code == SQLITE_ROW || code == SQLITE_DONE) return code == SQLITE_ROW;
    // Reset, so that it can be used again. The error stays.
    reset();
    fail(db_, purpose_);
}

void statement::run()
{
    while (step()) {
    }
    reset();
}

void statement::reset() { ::sqlite3_reset(handle_.get()); }

bool statement::is_null(int at) const
{
    return ::sqlite3_column_type(handle_.get(), at) == SQLITE_NULL;
}

std::int64_t statement::number(int at) const { return ::sqlite3_column_int64(handle_.get(), at); }

int statement::small_number(int at) const { return ::sqlite3_column_int(handle_.get(), at); }

double statement::real(int at) const { return ::sqlite3_column_double(handle_.get(), at); }

std::string statement::text(int at) const
{
    const auto* bytes = ::sqlite3_column_text(handle_.get(), at);
    const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(handle_.get(), at));
    return bytes != nullptr ? std::string(reinterpret_cast<const char*>(bytes), size) : "";
}

std::string_view statement::bytes(int at) const
{
    const void* bytes = ::sqlite3_column_blob(handle_.get(), at);
    const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(handle_.get(), at));
    return {static_cast<const char*>(bytes), size};
}

void statement::check(int code)
{
    if (code != SQLITE_OK) fail(db_, purpose_);
}

void statement::finaliser::operator()(sqlite3_stmt* s) const noexcept { ::sqlite3_finalize(s); }

// One that writes is immediate: it waits for another process's lock before its first change, not
// between changes.
transaction::transaction(database& db, const char* purpose, kind what) : db_(db), purpose_(purpose)
{
    db_.execute(what == kind::write ? "BEGIN IMMEDIATE" : "BEGIN", purpose);
}

transaction::~transaction()
{
    // After some errors SQLite has rolled back by itself. Then this fails, which does no harm.
    if (!committed_) ::sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void transaction::commit()
{
    db_.execute("COMMIT", purpose_);
    committed_ = true;
}

} // namespace carillon::detail::sqlite
