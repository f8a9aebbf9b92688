#include "store/sqlite/sqlite_ledger.hpp"

#include "store/run_text.hpp"
#include "store/sqlite/sqlite_history.hpp"
#include "store/sqlite/sqlite_rows.hpp"
#include <carillon/store/job_memory_text.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace carillon::detail::sqlite {
namespace {

constexpr const char* claiming = "cannot claim";
constexpr const char* recording = "cannot record";
constexpr const char* remembering = "cannot remember";

void lend_or_null(statement& s, int at, std::string_view text)
{
    if (text.empty())
        s.bind_null(at);
    else
        s.lend(at, text);
}

/** Runs a query of which one row is wanted: whether there is one. Leaves it ready for the next. */
bool has_row(statement& s)
{
    const bool found = s.step();
    s.reset();
    return found;
}

} // namespace

ledger::ledger(database& db, const owner_lock& owners, keeping_clock& clock)
    : db_(db), owners_(owners), clock_(clock), read_fence_(db, "SELECT last FROM fence", claiming),
      write_fence_(db, "UPDATE OR FAIL fence SET last = ?1", claiming),
      find_history_(
          db,
          "SELECT 1 FROM history WHERE chain = ?1 AND scheduled_at = ?2 AND run IS NOT NULL",
          claiming),
      insert_claim_(
          db,
          "INSERT OR IGNORE INTO claims (chain, scheduled_at, run, trigger, fence, due,"
          " claimed_at, recovers, owner) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
          claiming),
      find_claim_(
          db,
          "SELECT owner FROM claims WHERE chain = ?1 AND scheduled_at = ?2 AND run = ?3",
          claiming),
      take_over_(
          db,
          "UPDATE claims SET fence = ?3, owner = ?4, due = ?5, trigger = ?6, recovers = ?7"
          " WHERE chain = ?1 AND scheduled_at = ?2",
          claiming),
      withdraw_(
          db, "DELETE FROM claims WHERE chain = ?1 AND scheduled_at = ?2 AND run = ?3", claiming),
      give_back_(
          db,
          "UPDATE claims SET owner = ?4 WHERE chain = ?1 AND scheduled_at = ?2 AND run = ?3",
          claiming),
      find_ended_(db, "SELECT jobs FROM history WHERE run = ?1 AND chain = ?2", claiming),
      delete_claim_(db, "DELETE FROM claims WHERE chain = ?1 AND scheduled_at = ?2", recording),
      put_progress_(
          db, "INSERT OR REPLACE INTO progress (run, job, record) VALUES (?1, ?2, ?3)", recording),
      delete_progress_(db, "DELETE FROM progress WHERE run = ?1", recording),
      delete_history_(db, "DELETE FROM history WHERE run = ?1", recording),
      append_run_(
          db,
          "INSERT INTO history (chain, scheduled_at, run, trigger, outcome, reason, started_at,"
          " ended_at, lateness, fence, jobs, kept_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
          recording),
      append_missed_(
          db,
          "INSERT INTO history (chain, scheduled_at, last, count, outcome, reason, ended_at,"
          " kept_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          recording),
      put_job_(db, "INSERT OR REPLACE INTO jobs (name, memory) VALUES (?1, ?2)", remembering),
      delete_job_(db, "DELETE FROM jobs WHERE name = ?1", remembering)
{}

std::vector<claim> ledger::commit_changes(const store_changes& batch, instant now)
{
    for (const returned_claim& r : batch.returned) take_back(r);
    std::vector<claim> out = claim_all(batch.claims, now);

    std::vector<const job_memory*> memories;
    memories.reserve(batch.memories.size());
    for (const job_memory& m : batch.memories) memories.push_back(&m);
    const auto is_before = [](const job_memory* a, const job_memory* b) { return a->job < b->job; };
    // At a start they often are, and many.
    if (!std::is_sorted(memories.begin(), memories.end(), is_before))
        std::sort(memories.begin(), memories.end(), is_before);
    for (const job_memory* m : memories) remember(*m);
    for (const std::string& job : batch.forgotten) delete_job_.lend(1, job).run();
    for (const missed_record& m : batch.missed) append(m, now);
    return out;
}

void ledger::take_back(const returned_claim& r)
{
    const bool is_withdrawn = r.what == returned_claim::kind::withdrawn;
    statement& s = is_withdrawn ? withdraw_ : give_back_;
    s.lend(1, r.chain).bind(2, number_of(r.scheduled_at));
    lend_uuid(s, 3, r.run);
    if (!is_withdrawn) s.bind(4, r.what == returned_claim::kind::unbegun ? nobody_unbegun : nobody);
    s.run();
}

std::vector<claim> ledger::claim_all(const std::vector<claim_request>& requests, instant now)
{
    std::vector<claim> out(requests.size());
    if (requests.empty()) return out;
    // In the order of the table's key neighbours are written together.
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const claim_request& x = requests[a];
        const claim_request& y = requests[b];
        return std::tie(x.chain, x.scheduled_at) < std::tie(y.chain, y.scheduled_at);
    });
    // One number for all chains grows for each of them, and is one row.
    read_fence_.step();
    const std::int64_t before = read_fence_.number(0);
    read_fence_.reset();
    std::int64_t last = before;
    for (const std::size_t i : order) {
        const std::int64_t fence = std::max(last + 1, number_of(now));
        if (!claim_one(requests[i], now, fence)) continue;
        out[i] = {.won = true, .fence = fence};
        last = fence;
    }
    if (last != before) write_fence_.bind(1, last).run();
    return out;
}

bool ledger::claim_one(const claim_request& r, instant now, std::int64_t fence)
{
    return r.what == claim_request::kind::recovered ? take_over(r, fence)
                                                    : insert_claim(r, now, fence);
}

bool ledger::insert_claim(const claim_request& r, instant now, std::int64_t fence)
{
    std::vector<job_record> so_far;
    if (r.what == claim_request::kind::fresh) {
        if (has_row(find_history_.lend(1, r.chain).bind(2, number_of(r.scheduled_at))))
            return false;
    } else if (is_cut_off(r)) {
        return take_up(r, fence);
    } else {
        lend_uuid(find_ended_, 1, r.run);
        find_ended_.lend(2, r.chain);
        const bool known = find_ended_.step();
        if (known) so_far = jobs_from_text(find_ended_.bytes(0));
        find_ended_.reset();
        if (!known) return false;
        reopen(so_far);
    }
    insert_claim_.lend(1, r.chain).bind(2, number_of(r.scheduled_at));
    lend_uuid(insert_claim_, 3, r.run);
    insert_claim_.lend(4, to_string(r.trigger)).bind(5, fence).bind(6, number_of(r.due));
    insert_claim_.bind(7, number_of(now)).bind(8, r.recovers ? 1 : 0).bind(9, owners_.number());
    insert_claim_.run();
    if (db_.changes() == 0) return false;
    for (const job_record& j : so_far) put_progress(r.run, j);
    return true;
}

/** Whether it is a run that is open, and whose owner is gone. */
bool ledger::is_cut_off(const claim_request& r)
{
    find_claim_.lend(1, r.chain).bind(2, number_of(r.scheduled_at));
    lend_uuid(find_claim_, 3, r.run);
    const bool found = find_claim_.step();
    const std::int64_t owner = found ? find_claim_.number(0) : 0;
    find_claim_.reset();
    return found && !owners_.is_there(owner);
}

bool ledger::take_over(const claim_request& r, std::int64_t fence)
{
    if (!is_cut_off(r)) return false;
    take_over_.lend(1, r.chain).bind(2, number_of(r.scheduled_at)).bind(3, fence);
    take_over_.bind(4, owners_.number()).bind(5, number_of(r.due));
    take_over_.lend(6, to_string(r.trigger)).bind(7, r.recovers ? 1 : 0).run();
    return true;
}

/** Someone resumes a run that crashed: its record is closed, and begins anew. */
bool ledger::take_up(const claim_request& r, std::int64_t fence)
{
    std::vector<job_record> so_far = read_progress(db_, r.run);
    reopen(so_far);
    for (const job_record& j : so_far) put_progress(r.run, j);
    return take_over(r, fence);
}

void ledger::save_progress(run_id run, const job_record& job) { put_progress(run, job); }

void ledger::put_progress(run_id run, const job_record& job)
{
    lend_uuid(put_progress_, 1, run);
    put_progress_.lend(2, job.job).lend(3, job_to_text(job)).run();
}

void ledger::finish(const run_record& run)
{
    delete_claim_.lend(1, run.chain).bind(2, number_of(run.scheduled_at)).run();
    lend_uuid(delete_progress_, 1, run.id);
    delete_progress_.run();
    lend_uuid(delete_history_, 1, run.id);
    delete_history_.run();

    append_run_.lend(1, run.chain).bind(2, number_of(run.scheduled_at));
    lend_uuid(append_run_, 3, run.id);
    append_run_.lend(4, to_string(run.trigger));
    append_run_.lend(5, to_string(run.outcome.value_or(outcome::interrupted)));
    lend_or_null(append_run_, 6, run.reason ? to_string(*run.reason) : "");
    append_run_.bind(7, number_of(run.started_at));
    append_run_.bind(8, number_of(run.ended_at.value_or(run.started_at)));
    append_run_.bind(9, run.lateness.count()).bind(10, run.fence);
    append_run_.lend(11, jobs_to_text(run.jobs)).bind(12, number_of(clock_.mark())).run();
}

void ledger::append(const missed_record& m, instant now)
{
    append_missed_.lend(1, m.chain).bind(2, number_of(m.from)).bind(3, number_of(m.to));
    append_missed_.bind(4, m.count).lend(5, fate_of(m.reason)).lend(6, to_string(m.reason));
    append_missed_.bind(7, number_of(now)).bind(8, number_of(clock_.mark())).run();
}

void ledger::remember(const job_memory& m) { put_job_.lend(1, m.job).lend(2, to_text(m)).run(); }

recollection ledger::load()
{
    recollection out{.memories = read_memories(db_)};
    for (unended_run& r : read_open_runs(db_, owners_))
        if (!r.is_running) out.crashed.push_back(std::move(r.open));
    return out;
}

} // namespace carillon::detail::sqlite
