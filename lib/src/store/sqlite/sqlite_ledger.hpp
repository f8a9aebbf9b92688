#pragma once

#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/sqlite_clock.hpp"
#include <carillon/detail/sqlite.hpp>
#include <carillon/store/claim.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace carillon::detail::sqlite {

/**
 * What is written to a store's tables.
 *
 * Each member is a part of the caller's transaction; after an error the caller rolls back. So a
 * statement that may touch several rows need not undo itself: with OR FAIL SQLite keeps no journal
 * of it (lang_conflict.html), which would take 64 KiB. For one thread at a time.
 */
class ledger {
public:
    /** All must outlive it. */
    ledger(database& db, const owner_lock& owners, keeping_clock& clock);

    recollection load();
    std::vector<claim> commit_changes(const store_changes& batch, instant now);
    void save_progress(run_id run, const job_record& job);
    void finish(const run_record& run);

private:
    void take_back(const returned_claim& r);
    std::vector<claim> claim_all(const std::vector<claim_request>& requests, instant now);
    bool claim_one(const claim_request& r, instant now, std::int64_t fence);
    bool insert_claim(const claim_request& r, instant now, std::int64_t fence);
    bool take_over(const claim_request& r, std::int64_t fence);
    bool take_up(const claim_request& r, std::int64_t fence);
    bool is_cut_off(const claim_request& r);
    void put_progress(run_id run, const job_record& job);
    void remember(const job_memory& m);
    void append(const missed_record& m, instant now);

    database& db_;
    const owner_lock& owners_;
    keeping_clock& clock_;
    statement read_fence_;
    statement write_fence_;
    statement find_history_;
    statement insert_claim_;
    statement find_claim_;
    statement take_over_;
    statement withdraw_;
    statement give_back_;
    statement find_ended_;
    statement delete_claim_;
    statement put_progress_;
    statement delete_progress_;
    statement delete_history_;
    statement append_run_;
    statement append_missed_;
    statement put_job_;
    statement delete_job_;
};

} // namespace carillon::detail::sqlite
