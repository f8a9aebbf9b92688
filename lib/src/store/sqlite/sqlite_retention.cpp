#include "store/sqlite/sqlite_retention.hpp"

#include "store/sqlite/sqlite_rows.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace carillon::detail::sqlite {
namespace {

constexpr const char* trimming = "cannot trim the history";

/// Entries that are deleted in one transaction: some milliseconds at the most.
constexpr int entries_a_step = 200;

/// A step deletes twice as many as may be added before it.
constexpr int most_added_between_steps = entries_a_step / 2;

/// Entries that are counted in one transaction to find the ends of chains.
constexpr std::int64_t counted_a_step = 20'000;

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
    added_since_step_ += static_cast<int>(chains.size());
    std::uniform_int_distribution<std::int64_t> draw(0, keep_runs_ / slack_part);
    for (const std::string& chain : chains)
        if (draw(random_) == 0) grown_.insert(chain);
}

bool retention::is_due() const noexcept
{
    return is_pending() && added_since_step_ >= most_added_between_steps;
}

void retention::step(const history_limits& limits)
{
    keep_runs_ = limits.keep_runs;
    added_since_step_ = std::max(added_since_step_ - most_added_between_steps, 0);
    try {
        if (pending_) {
            pending_ = delete_aged(limits.keep) || delete_surplus(limits.keep_bytes) || shrink();
        } else if (!grown_.empty()) {
            trim_chains();
        }
    } catch (const std::exception&) {
        // A full disk, a lock: the next record meets it, too, and tells.
        pending_ = false;
        looked_at_ = {};
        grown_.clear();
    }
    if (!is_pending()) added_since_step_ = 0;
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

void retention::trim_chains()
{
    transaction change(db_, trimming);
    std::int64_t left = entries_a_step;
    for (std::int64_t counted = 0; !grown_.empty() && counted < counted_a_step;) {
        const std::string chain = std::move(grown_.extract(grown_.begin()).value());
        left -= delete_of_chain(delete_runs_, chain, left);
        left -= delete_of_chain(delete_spans_, chain, left);
        counted += keep_runs_;
        if (left > 0) continue;
        grown_.insert(chain); // it may have more
        break;
    }
    change.commit();
}

/** Returns how many were deleted. */
std::int64_t
retention::delete_of_chain(statement& which, const std::string& chain, std::int64_t at_most)
{
    if (at_most <= 0) return 0;
    which.bind(1, chain).bind(2, at_most).bind(3, keep_runs_).run();
    return db_.changes();
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
