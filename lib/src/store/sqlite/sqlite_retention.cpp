#include "store/sqlite/sqlite_retention.hpp"

#include "store/sqlite/sqlite_rows.hpp"

#include <exception>
#include <utility>

namespace carillon::detail::sqlite {
namespace {

constexpr const char* trimming = "cannot trim the history";

/// Entries that are deleted in one transaction: some milliseconds at the most.
constexpr int entries_a_step = 200;

/// Pages of 4 KiB that are given back to the file system in one transaction.
constexpr const char* give_back = "PRAGMA incremental_vacuum(256)";

/// The whole is looked at once in so long, or in so many entries.
constexpr microseconds longest_unseen = std::chrono::seconds{10};
constexpr int most_unseen = 1000;

/// A chain may have a so-many-th more than it is allowed.
constexpr std::int64_t slack_part = 16;

std::string deletion_of(const std::string& which)
{
    return "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE chain = ?1 AND " + which +
           " ORDER BY id DESC LIMIT ?2 OFFSET ?3)";
}

} // namespace

retention::retention(database& db, const keeping_clock& clock)
    : db_(db), clock_(clock),
      delete_aged_(
          db,
          "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT ?1)"
          " AND kept_at < ?2",
          trimming),
      delete_oldest_(
          db,
          "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT ?1)",
          trimming),
      // Each for itself: a job that is skipped each second must not push its runs out.
      delete_runs_(db, deletion_of("run IS NOT NULL"), trimming),
      delete_spans_(db, deletion_of("run IS NULL"), trimming)
{}

void retention::note(const std::vector<std::string>& chains)
{
    const instant now = clock_.now();
    if (++added_ >= most_unseen || now - looked_at_ >= longest_unseen) {
        pending_ = true;
        looked_at_ = now;
        added_ = 0;
    }
    std::uniform_int_distribution<std::int64_t> draw(0, keep_runs_ / slack_part);
    for (const std::string& chain : chains)
        if (draw(random_) == 0) grown_.insert(chain);
}

void retention::step(const history_limits& limits)
{
    keep_runs_ = limits.keep_runs;
    try {
        if (pending_) {
            pending_ = delete_aged(limits.keep) || delete_surplus(limits.keep_bytes) || shrink();
        } else if (!grown_.empty()) {
            const std::string chain = std::move(grown_.extract(grown_.begin()).value());
            const bool more_runs = delete_of_chain(delete_runs_, db_, chain, limits.keep_runs);
            const bool more_spans = delete_of_chain(delete_spans_, db_, chain, limits.keep_runs);
            if (more_runs || more_spans) grown_.insert(chain);
        }
    } catch (const std::exception&) {
        // A full disk, a lock: the next record meets it, too, and tells.
        pending_ = false;
        looked_at_ = {};
        grown_.clear();
    }
}

/** Whether there may be more. */
bool retention::delete_aged(microseconds keep)
{
    const instant now = clock_.now();
    if (keep > now.time_since_epoch()) return false; // a long time may be meant for ever
    delete_aged_.bind(1, entries_a_step).bind(2, number_of(now - keep)).run();
    return db_.changes() == entries_a_step;
}

bool retention::delete_surplus(std::int64_t keep_bytes)
{
    const auto used = db_.number(
        "SELECT (page_count - freelist_count) * page_size"
        " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        trimming);
    if (used <= keep_bytes) return false;
    delete_oldest_.bind(1, entries_a_step).run();
    return db_.changes() > 0;
}

/** Whether there may be more. */
bool retention::delete_of_chain(
    statement& which, const database& db, const std::string& chain, std::int64_t keep_runs)
{
    which.bind(1, chain).bind(2, entries_a_step).bind(3, keep_runs).run();
    return db.changes() == entries_a_step;
}

/** Gives free pages back where they are an eighth of the file. Whether there may be more. */
bool retention::shrink()
{
    const bool is_worth_it = db_.number(
                                 "SELECT freelist_count * 8 > page_count AND freelist_count > 256"
                                 " FROM pragma_freelist_count, pragma_page_count",
                                 trimming) != 0;
    if (!is_worth_it) return false;
    constexpr const char* free_pages = "PRAGMA freelist_count";
    const auto before = db_.number(free_pages, trimming);
    db_.execute(give_back, trimming);
    // A file that someone has rewritten without auto_vacuum gives nothing back, however often.
    return db_.number(free_pages, trimming) < before;
}

} // namespace carillon::detail::sqlite
