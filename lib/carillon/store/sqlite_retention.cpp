#include <carillon/store/sqlite_retention.hpp>
#include <carillon/store/sqlite_rows.hpp>

#include <exception>
#include <utility>

namespace carillon::sqlite {
namespace {

constexpr const char* trimming = "cannot trim the history";

/// Entries that are deleted in one transaction: some milliseconds at the most.
constexpr int entries_a_step = 200;

/// Pages of 4 KiB that are given back to the file system in one transaction.
constexpr const char* give_back = "PRAGMA incremental_vacuum(256)";

} // namespace

void retention::note(const std::string& chain, instant now)
{
    now_ = now;
    pending_ = true;
    if (!chain.empty()) grown_.insert(chain);
}

void retention::step(const history_limits& limits)
{
    try {
        if (pending_) {
            pending_ = delete_aged(limits.keep) || delete_surplus(limits.keep_bytes) || shrink();
        } else if (!grown_.empty()) {
            const std::string chain = std::move(grown_.extract(grown_.begin()).value());
            // Each for itself: a job that is skipped each second must not push its runs out.
            const bool more_runs = delete_of_chain(chain, "run IS NOT NULL", limits.keep_runs);
            const bool more_spans = delete_of_chain(chain, "run IS NULL", limits.keep_runs);
            if (more_runs || more_spans) grown_.insert(chain);
        }
    } catch (const std::exception&) {
        // A full disk, a lock: whoever records meets it, too, and tells.
        pending_ = false;
        grown_.clear();
    }
}

/** Whether there may be more. */
bool retention::delete_aged(microseconds keep)
{
    if (now_ == instant{} || keep > now_.time_since_epoch()) return false;
    statement s(
        db_,
        "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT ?1)"
        " AND ended_at < ?2",
        trimming);
    s.bind(1, entries_a_step).bind(2, number_of(now_ - keep)).run();
    return db_.changes() == entries_a_step;
}

bool retention::delete_surplus(std::int64_t keep_bytes)
{
    const auto used = db_.number(
        "SELECT (page_count - freelist_count) * page_size"
        " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        trimming);
    if (used <= keep_bytes) return false;
    statement s(
        db_, "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT ?1)",
        trimming);
    s.bind(1, entries_a_step).run();
    return db_.changes() > 0;
}

/** Whether there may be more. */
bool retention::delete_of_chain(const std::string& chain, const char* which, std::int64_t keep_runs)
{
    statement s(
        db_,
        std::string("DELETE FROM history WHERE id IN (SELECT id FROM history WHERE chain = ?1"
                    " AND ") +
            which + " ORDER BY scheduled_at DESC, id DESC LIMIT ?2 OFFSET ?3)",
        trimming);
    s.bind(1, chain).bind(2, entries_a_step).bind(3, keep_runs).run();
    return db_.changes() == entries_a_step;
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

} // namespace carillon::sqlite
