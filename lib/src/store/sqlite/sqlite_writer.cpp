#include "store/sqlite/sqlite_writer.hpp"

#include "base/all_signals_blocked.hpp"
#include "base/crash_point.hpp"
#include "store/sqlite/sqlite_schema.hpp"
#include <carillon/detail/spawn.hpp>
#include <carillon/detail/thread_name.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace carillon::detail {
namespace {

/// More than ten thousand runs that end at one instant, several times over.
constexpr std::size_t max_queued = 100'000;

/// What is not urgent waits so long for others of its commit, if the last commit had so many
/// operations: then more are to come. A commit costs as much as dozens of operations.
constexpr auto gathering = std::chrono::milliseconds{3};
constexpr std::size_t is_many = 8;

constexpr int steps_at_the_end = 8;

/** One spelling of the path, whatever links lead there: what stands beside it hangs on it. */
sqlite_store_options with_folder(sqlite_store_options o)
{
    sqlite::make_folder(o.path);
    o.path = sqlite::real_path(o.path);
    return o;
}

void enter(const sqlite_store_options& o, owner_lock& owners)
{
    if (o.is_daemon && !owners.become_daemon()) {
        const auto pid = owners.daemon_pid();
        throw store_unusable(fmt::format(
            "{}: the store is in use by another carillon{}: stop it first, or give this one a "
            "[store] path of its own",
            o.path, pid != 0 ? fmt::format(" (process {})", pid) : ""));
    }
    sqlite::require_same_files(o.path, owners);
    owners.become_owner();
}

/** Alone among carillon's processes, so that none of them meets a store that is half made. */
sqlite::database open(const sqlite_store_options& o, owner_lock& owners)
{
    owners.begin_set_up(); // not for a scope: after an error all of its locks end at once
    enter(o, owners);
    owners.protect();
    sqlite::require_writable_files(o.path);
    // A guest comes for one run, and must not wait for what a daemon has looked at.
    const bool was_checked = !o.is_daemon && owners.has_daemon();
    sqlite::database db =
        sqlite::open_for_writing(o.path, owners, was_checked ? 0 : sqlite::checked_at_start);
    if (!owners.is_in_place())
        throw store_unusable(o.path + ": the store was moved while it was opened: try again");
    if (o.is_daemon) owners.show_pid();
    owners.end_set_up();
    return db;
}

/** Whether an operation that fails by itself may have failed others of its commit. */
bool may_be_one(const error_code& ec)
{
    if (ec == errc::store_moved) return false;
    if (ec.category() != sqlite::category()) return true;
    const int code = ec.value() & 0xFF;
    return code == SQLITE_FULL || code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG ||
           code == SQLITE_CORRUPT || code == SQLITE_NOMEM;
}

bool is_full(const error_code& ec)
{
    return ec.category() == sqlite::category() && (ec.value() & 0xFF) == SQLITE_FULL;
}

/** Starts a thread that no signal is delivered to: they are the event loop's. */
template <class F>
std::thread start_thread(F f)
{
    const detail::all_signals_blocked quiet;
    return std::thread(std::move(f));
}

} // namespace

sqlite_writer::sqlite_writer(const sqlite_store_options& as_given)
    : sqlite_writer(with_folder(as_given), 0)
{}

sqlite_writer::sqlite_writer(const sqlite_store_options& options, int)
    : max_group_(std::max<std::size_t>(options.max_group, 1)), owners_(options.path),
      db_(open(options, owners_)), files_(options.path), clock_(db_, options.since_boot),
      ledger_(std::in_place, db_, owners_, clock_), retention_(db_, clock_),
      is_trimmer_(options.is_daemon || !owners_.has_daemon()), limits_(options.limits),
      thread_(start_thread([this] { work(); }))
{}

sqlite_writer::~sqlite_writer()
{
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
    // Another process finds the store open, or closed and free, and never in between. All locks end
    // together, after the database is closed.
    try {
        // SQLite would write a deleted log into the database, and delete by their names what others
        // have begun in its place.
        if (!files_.may_checkpoint()) db_.keep_log_at_close();
        owners_.begin_set_up();
    } catch (const std::exception&) {
        // A process that is held up, or a file system that fails: this one must end all the same.
    }
}

void sqlite_writer::add(operation o)
{
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() < max_queued) {
            queue_.push_back(std::move(o));
            o = {};
            if (queue_.back().when == urgency::at_once) ++urgent_;
            // What waits for others is woken by the one that it waits for.
            if (urgent_ > 0 || queue_.size() == 1 || queue_.size() >= max_group_)
                wake_.notify_one();
        }
    }
    if (o.complete) o.complete(errc::queue_full);
}

void sqlite_writer::set_limits(history_limits limits)
{
    const std::lock_guard lock(mutex_);
    limits_ = limits;
}

std::size_t sqlite_writer::queued() const
{
    const std::lock_guard lock(mutex_);
    return queue_.size() + underway_;
}

void sqlite_writer::work()
{
    name_this_thread("carillon-store");
    std::vector<operation> group;
    while (take_group(group)) {
        if (!group.empty()) commit(group);
        if (trims() && queued() == group.size()) trim();
        while (trims() && retention_.is_due()) trim();
    }
    // Of a process that comes for one run, where no daemon does it.
    for (int i = 0; trims() && i < steps_at_the_end; ++i) retention_.step(limits_);
}

void sqlite_writer::trim()
{
    history_limits limits;
    {
        const std::lock_guard lock(mutex_);
        limits = limits_;
    }
    retention_.step(limits);
}

/** Waits for something to do; empty where that is the history's trimming. False at the end. */
bool sqlite_writer::take_group(std::vector<operation>& out)
{
    out.clear();
    std::unique_lock lock(mutex_);
    underway_ = 0;
    const bool has_more = trims();
    wake_.wait(lock, [&] { return ending_ || !queue_.empty() || has_more; });
    if (queue_.empty()) return !ending_;
    gather(lock);
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), max_group_));
    std::move(queue_.begin(), queue_.begin() + count, std::back_inserter(out));
    queue_.erase(queue_.begin(), queue_.begin() + count);
    for (const operation& o : out)
        if (o.when == urgency::at_once) --urgent_;
    underway_ = out.size();
    last_group_ = out.size();
    return true;
}

/** Waits for more of a commit where many come and none of them is urgent. */
void sqlite_writer::gather(std::unique_lock<std::mutex>& lock)
{
    if (last_group_ < is_many) return;
    wake_.wait_for(
        lock, gathering, [&] { return ending_ || urgent_ > 0 || queue_.size() >= max_group_; });
}

void sqlite_writer::commit(std::vector<operation>& group)
{
    error_code ec = try_commit(group.data(), group.size());
    // Once, and not for each alone: a reader holds it up meanwhile until SQLite's patience ends.
    if (is_full(ec) && make_room()) ec = try_commit(group.data(), group.size());
    const bool each_alone = ec && group.size() > 1 && may_be_one(ec);
    for (operation& o : group) {
        const error_code own = each_alone ? try_commit(&o, 1) : ec;
        if (!own && !o.what.empty()) retention_.note(o.what);
        // What it holds goes before the next wait.
        std::exchange(o, {}).complete(own);
    }
}

bool sqlite_writer::trims() const { return is_trimmer_ && !has_moved_ && retention_.is_pending(); }

bool sqlite_writer::has_moved()
{
    // From the first time on: what was lost does not come back with the file's name.
    if (has_moved_ || files_.are_in_place()) return has_moved_;
    has_moved_ = true;
    rescue();
    return true;
}

/** Writes the log into the database, where that is still to be had: a deleted log ends with the
 * process, and all that was answered since the last checkpoint with it. */
void sqlite_writer::rescue()
{
    if (!files_.may_checkpoint()) return;
    try {
        db_.execute("PRAGMA wal_checkpoint(PASSIVE)", "cannot rescue the log");
    } catch (const std::exception&) {
        // The caller tells what is wrong with the store.
    }
}

error_code sqlite_writer::try_commit(operation* first, std::size_t count)
{
    // What is written to a deleted file is lost with the process. Before a commit, so that nothing
    // is done where that is known; after it, so that nothing is answered that is not kept.
    if (has_moved()) return errc::store_moved;
    const error_code ec = write_all(first, count);
    return has_moved() ? errc::store_moved : ec;
}

/** Empties the log into the database, which may have room where the volume has none. Whether that
 * is so. */
bool sqlite_writer::make_room()
{
    if (!files_.may_checkpoint()) return false;
    retention_.look_again();
    try {
        return db_.number("PRAGMA wal_checkpoint(TRUNCATE)", "cannot empty the log") == 0;
    } catch (const std::exception&) {
        return false;
    }
}

error_code sqlite_writer::write_all(operation* first, std::size_t count)
{
    try {
        clock_.end_commit(); // of the last one
        sqlite::transaction change(db_, "cannot write to the store");
        for (std::size_t i = 0; i < count; ++i) first[i].apply(*ledger_);
        detail::crash_point("store.applied");
        change.commit();
        detail::crash_point("store.committed");
        return {};
    } catch (...) {
        return detail::code_of(std::current_exception());
    }
}

} // namespace carillon::detail
