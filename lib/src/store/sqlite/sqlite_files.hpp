#pragma once

#include "store/sqlite/owner_lock.hpp"
#include <carillon/detail/file_use.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <tuple>

namespace carillon::detail::sqlite {

/**
 * Which files a connection has open: the database, and SQLite's log (-wal) and its index (-shm)
 * beside it.
 *
 * SQLite does not look at their names again. Who deletes one of them leaves the connection with a
 * file that nobody else can see, and that ends with the process.
 */
class open_files {
public:
    /** Those that are there now. */
    explicit open_files(const std::string& path);

    const std::string& path() const noexcept { return database_.path; }

    /** Whether each is still under its name. */
    bool are_in_place() const noexcept;

    /** Whether the log may be written into the database: that is in its place, and nobody has begun
     * another log, or another index of this one. */
    bool may_checkpoint() const noexcept;

private:
    struct one {
        std::string path;
        std::optional<file_id> file;
    };

    one database_;
    std::array<one, 2> beside_;
};

/** What shows that somebody has written to a database or its log. */
class file_state {
public:
    explicit file_state(const std::string& path);

    friend bool operator==(const file_state&, const file_state&) = default;

private:
    using state = std::tuple<::dev_t, ::ino_t, ::off_t, std::int64_t>; // with the time of change

    static state of(const std::string& path) noexcept;

    state database_;
    state log_;
};

/** Whether who opens a store has the same files beside it as its owners have. Throws @ref
 * store_unusable where they have others, or one of theirs is missing. */
void require_same_files(const std::string& path, const owner_lock& owners);

/** Whether what SQLite has left beside a database can be written: files of another user cannot.
 * Throws @ref store_unusable. */
void require_writable_files(const std::string& path);

} // namespace carillon::detail::sqlite
