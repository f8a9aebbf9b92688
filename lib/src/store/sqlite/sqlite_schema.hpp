#pragma once

#include "store/sqlite/owner_lock.hpp"
#include <carillon/detail/sqlite.hpp>

#include <cstdint>
#include <string>

namespace carillon::detail::sqlite {

/// What this version of carillon writes; `PRAGMA user_version`.
inline constexpr int schema_version = 4;

/// Beyond, a file is checked while it is used: this much takes a tenth of a second or two.
inline constexpr std::int64_t checked_at_start = std::int64_t{64} << 20;

/** A path without links and dots, as far as it is there. */
std::string real_path(const std::string& path);

/** Makes the folder of a store's file where there is none. Throws @ref store_unusable. */
void make_folder(const std::string& path);

/**
 * Opens a store's file for writing, makes its tables where it is empty, and brings an older one
 * forward. No other process may do so meanwhile.
 *
 * Throws @ref store_unusable for a file that cannot be opened, is locked, damaged, no store, or
 * from a newer carillon. A file of more than `checked_bytes` is only checked where it matters for
 * what runs next; the rest is @ref find_damage's.
 */
database
open_for_writing(const std::string& path, const owner_lock& owners, std::int64_t checked_bytes);

/** Opens a store's file for reading. Throws likewise. */
database open_for_reading(const std::string& path, access how = access::read_only);

/** How large a database is, in bytes. */
std::int64_t size_of(database& db);

/** What is wrong with a database, in SQLite's words; empty where all is well. Reads all of it. */
std::string find_damage(database& db);

} // namespace carillon::detail::sqlite
