#include "store/sqlite/sqlite_history.hpp"

#include "store/run_text.hpp"
#include "store/sqlite/sqlite_rows.hpp"
#include <carillon/store/job_memory_text.hpp>

#include <boost/system/system_error.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>

namespace carillon::detail::sqlite {
namespace {

constexpr const char* reading = "cannot read the store";

constexpr const char* history_columns =
    "SELECT id, chain, scheduled_at, last, count, run, trigger, outcome, reason, started_at,"
    " ended_at, lateness, fence, jobs FROM history ";

history_entry entry_of(const statement& row)
{
    history_entry out{.cursor = row.number(0), .at = instant_of(row.number(10)), .what = {}};
    const instant at = instant_of(row.number(2));
    const auto why = reason_from(row.bytes(8));
    if (row.is_null(5)) {
        out.what = missed_record{
            row.text(1), at, instant_of(row.number(3)), row.number(4),
            why.value_or(reason::coalesced)};
        return out;
    }
    run_record run;
    run.chain = row.text(1);
    run.scheduled_at = at;
    run.id = uuid_at(row, 5);
    run.trigger = run_trigger_from(row.bytes(6)).value_or(run_trigger::schedule);
    run.outcome = outcome_from(row.bytes(7)).value_or(outcome::interrupted);
    run.reason = why;
    run.started_at = instant_of(row.number(9));
    run.ended_at = out.at;
    run.lateness = microseconds{row.number(11)};
    run.fence = row.number(12);
    run.jobs = jobs_from_text(row.bytes(13));
    out.what = std::move(run);
    return out;
}

/** One parameter for each of these, from a number on: `?4, ?5`. */
std::string parameters(std::size_t first, std::size_t count)
{
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
        out += (i == 0 ? "?" : ", ?") + std::to_string(first + i);
    return out;
}

constexpr const char* open_columns =
    "SELECT chain, scheduled_at, run, trigger, fence, due, claimed_at, recovers, owner"
    " FROM claims ";

open_run open_run_of(const statement& row)
{
    open_run o;
    o.run.chain = row.text(0);
    o.run.scheduled_at = instant_of(row.number(1));
    o.run.id = uuid_at(row, 2);
    o.run.trigger = run_trigger_from(row.bytes(3)).value_or(run_trigger::schedule);
    o.run.fence = row.number(4);
    o.due = instant_of(row.number(5));
    o.run.started_at = std::max(instant_of(row.number(6)), o.due);
    o.recovers = row.number(7) != 0;
    o.may_have_begun = row.number(8) != nobody_unbegun;
    return o;
}

class progress_reader {
public:
    explicit progress_reader(database& db)
        : rows_(db, "SELECT job, record FROM progress WHERE run = ?1", reading)
    {}

    std::vector<job_record> of(run_id run)
    {
        std::vector<job_record> out;
        bind_uuid(rows_, 1, run);
        while (rows_.step()) {
            out.push_back(job_from_text(rows_.bytes(1)));
            out.back().job = rows_.text(0);
        }
        rows_.reset();
        return out;
    }

private:
    statement rows_;
};

} // namespace

std::vector<unended_run> read_open_runs(database& db, const owner_lock& owners)
{
    std::vector<unended_run> out;
    std::unordered_map<std::int64_t, bool> known; // owners, and whether they are there
    progress_reader progress(db);
    statement rows(db, std::string(open_columns) + "ORDER BY fence", reading);
    while (rows.step()) {
        const std::int64_t owner = rows.number(8);
        const auto [at, is_new] = known.try_emplace(owner);
        if (is_new) at->second = owners.is_there(owner);
        out.push_back({.open = open_run_of(rows), .is_running = at->second});
    }
    for (unended_run& r : out) r.open.run.jobs = progress.of(r.open.run.id);
    return out;
}

std::vector<job_record> read_progress(database& db, run_id run)
{
    return progress_reader(db).of(run);
}

std::vector<job_memory> read_memories(database& db)
{
    std::vector<job_memory> out;
    out.reserve(static_cast<std::size_t>(db.number("SELECT count(*) FROM jobs", reading)));
    statement rows(db, "SELECT name, memory FROM jobs", reading);
    while (rows.step()) {
        auto m = job_memory_from_text(rows.text(0), rows.bytes(1));
        if (!m) throw boost::system::system_error({SQLITE_CORRUPT, category()}, reading);
        out.push_back(std::move(*m));
    }
    return out;
}

history_page find(database& db, const history_query& q)
{
    std::string sql = std::string(history_columns) + "WHERE id < ?1 AND ended_at >= ?2";
    if (!q.outcome.empty()) sql += " AND outcome = ?4";
    if (!q.chains.empty()) sql += " AND chain IN (" + parameters(5, q.chains.size()) + ")";
    sql += " ORDER BY id DESC LIMIT ?3";
    statement rows(db, sql, reading);
    rows.bind(1, q.before.value_or(std::numeric_limits<std::int64_t>::max()));
    rows.bind(2, q.since ? number_of(*q.since) : std::numeric_limits<std::int64_t>::min());
    rows.bind(3, static_cast<std::int64_t>(q.limit) + 1);
    if (!q.outcome.empty()) rows.bind(4, q.outcome);
    for (std::size_t i = 0; i < q.chains.size(); ++i)
        rows.bind(static_cast<int>(5 + i), q.chains[i]);

    history_page out;
    while (rows.step()) {
        if (out.entries.size() == q.limit) {
            out.next = out.entries.back().cursor;
            break;
        }
        out.entries.push_back(entry_of(rows));
    }
    return out;
}

std::optional<run_record> find_run(database& db, const owner_lock& owners, run_id run)
{
    statement open(db, std::string(open_columns) + "WHERE run = ?1", reading);
    bind_uuid(open, 1, run);
    if (open.step()) {
        run_record out = open_run_of(open).run;
        if (!owners.is_there(open.number(8))) out.reason = reason::crash;
        out.jobs = read_progress(db, run);
        return out;
    }
    statement row(db, std::string(history_columns) + "WHERE run = ?1", reading);
    bind_uuid(row, 1, run);
    if (!row.step()) return std::nullopt;
    return std::get<run_record>(entry_of(row).what);
}

std::vector<run_id> find_ids(database& db, run_id first, run_id last, std::size_t limit)
{
    // Not BETWEEN: comparisons tell SQLite that the index of what is not null will do. There are
    // few claims.
    statement rows(
        db,
        "SELECT run FROM claims WHERE run >= ?1 AND run <= ?2"
        " UNION SELECT run FROM history WHERE run >= ?1 AND run <= ?2 ORDER BY run LIMIT ?3",
        reading);
    bind_uuid(rows, 1, first);
    bind_uuid(rows, 2, last);
    rows.bind(3, static_cast<std::int64_t>(limit));
    std::vector<run_id> out;
    while (rows.step()) out.push_back(uuid_at(rows, 0));
    return out;
}

std::vector<std::vector<run_record>>
latest_runs(database& db, const std::vector<std::string>& chains, std::size_t limit)
{
    statement rows(
        db,
        std::string(history_columns) +
            "WHERE chain = ?1 AND run IS NOT NULL ORDER BY id DESC LIMIT ?2",
        reading);
    std::vector<std::vector<run_record>> out;
    out.reserve(chains.size());
    for (const std::string& chain : chains) {
        auto& runs = out.emplace_back();
        rows.bind(1, chain).bind(2, static_cast<std::int64_t>(limit));
        while (rows.step()) runs.push_back(std::get<run_record>(entry_of(rows).what));
        rows.reset();
    }
    return out;
}

std::vector<std::vector<history_entry>>
latest_entries(database& db, const std::vector<std::string>& chains, std::size_t limit)
{
    // Runs and spans have an index each, in the order of their ids.
    const std::string newest = "SELECT * FROM (SELECT id FROM history WHERE chain = ?1 AND run IS ";
    const std::string in_order = " ORDER BY id DESC LIMIT ?2)";
    statement rows(
        db,
        std::string(history_columns) + "WHERE id IN (" + newest + "NOT NULL" + in_order +
            " UNION ALL " + newest + "NULL" + in_order + ") ORDER BY id DESC LIMIT ?2",
        reading);
    std::vector<std::vector<history_entry>> out;
    out.reserve(chains.size());
    for (const std::string& chain : chains) {
        auto& entries = out.emplace_back();
        rows.bind(1, chain).bind(2, static_cast<std::int64_t>(limit));
        while (rows.step()) entries.push_back(entry_of(rows));
        rows.reset();
    }
    return out;
}

} // namespace carillon::detail::sqlite
