#pragma once

#include "store/sqlite/owner_lock.hpp"
#include <carillon/detail/sqlite.hpp>
#include <carillon/store/store_reader.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/** What is read of a store's tables. All block. */
namespace carillon::detail::sqlite {

/** The runs that are claimed and have not ended, those with the earliest claim first. */
std::vector<unended_run> read_open_runs(database& db, const owner_lock& owners);

/** How far the jobs of an open run are, in any order. */
std::vector<job_record> read_progress(database& db, run_id run);

/** What is remembered of scheduled jobs. */
std::vector<job_memory> read_memories(database& db);

history_page find(database& db, const history_query& query);

/** See @ref store::async_find_run. */
std::optional<run_record> find_run(database& db, const owner_lock& owners, run_id run);

/** Ids of runs, open or ended, in [first, last] and in their order. */
std::vector<run_id> find_ids(database& db, run_id first, run_id last, std::size_t limit);

/** For each chain the runs that ended last, the last of them first. */
std::vector<std::vector<run_record>>
latest_runs(database& db, const std::vector<std::string>& chains, std::size_t limit);

/** For each chain its newest entries, newest first. */
std::vector<std::vector<history_entry>>
latest_entries(database& db, const std::vector<std::string>& chains, std::size_t limit);

} // namespace carillon::detail::sqlite
