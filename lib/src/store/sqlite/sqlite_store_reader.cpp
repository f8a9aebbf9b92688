#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/sqlite_files.hpp"
#include "store/sqlite/sqlite_history.hpp"
#include "store/sqlite/sqlite_schema.hpp"
#include <carillon/store/sqlite_store_reader.hpp>

#include <boost/system/system_error.hpp>

#include <memory>
#include <optional>

namespace carillon {

using namespace detail;

/** The store as it is now: beside its owners, or alone with a file that nobody changes. */
class sqlite_store_reader::view {
public:
    explicit view(const std::string& path) : path_(path), owners_(path, owner_lock::use::look)
    {
        open();
    }

    const owner_lock& owners() const noexcept { return owners_; }

    /** What `work` finds. */
    template <class Work>
    auto read(Work work)
    {
        while (is_still_) {
            try {
                auto out = work(*db_);
                if (is_unchanged()) return out;
            } catch (const boost::system::system_error&) {
                // What is written meanwhile can make any error of what is read.
                if (is_unchanged()) throw;
            }
            open();
        }
        return work(*db_);
    }

private:
    /** While no other process opens or closes the store. */
    void open()
    {
        const owner_lock::set_up alone(owners_);
        sqlite::require_same_files(path_, owners_);
        const bool is_still = !owners_.has_owners();
        const sqlite::file_state before(path_);
        const auto how = is_still ? sqlite::access::still : sqlite::access::read_only;
        db_.emplace(sqlite::open_for_reading(path_, how));
        before_ = before;
        is_still_ = is_still;
    }

    bool is_unchanged() const
    {
        return !owners_.has_owners() && before_ == sqlite::file_state(path_);
    }

    std::string path_;
    owner_lock owners_;
    std::optional<sqlite::database> db_;
    std::optional<sqlite::file_state> before_;
    bool is_still_ = false; // nobody writes
};

sqlite_store_reader::sqlite_store_reader(const std::string& path)
    : view_(std::make_unique<view>(sqlite::real_path(path)))
{}

sqlite_store_reader::~sqlite_store_reader() = default;

bool sqlite_store_reader::has_daemon() const { return view_->owners().has_daemon(); }

history_page sqlite_store_reader::find(const history_query& query)
{
    return view_->read([&](sqlite::database& db) { return sqlite::find(db, query); });
}

std::optional<run_record> sqlite_store_reader::find_run(run_id run)
{
    return view_->read(
        [&](sqlite::database& db) { return sqlite::find_run(db, view_->owners(), run); });
}

std::vector<run_id> sqlite_store_reader::find_ids(run_id first, run_id last, std::size_t limit)
{
    return view_->read(
        [&](sqlite::database& db) { return sqlite::find_ids(db, first, last, limit); });
}

std::vector<std::vector<run_record>>
sqlite_store_reader::latest_runs(const std::vector<std::string>& chains, std::size_t limit)
{
    return view_->read(
        [&](sqlite::database& db) { return sqlite::latest_runs(db, chains, limit); });
}

std::vector<std::vector<history_entry>>
sqlite_store_reader::latest_entries(const std::vector<std::string>& chains, std::size_t limit)
{
    return view_->read(
        [&](sqlite::database& db) { return sqlite::latest_entries(db, chains, limit); });
}

std::vector<unended_run> sqlite_store_reader::open_runs()
{
    return view_->read(
        [&](sqlite::database& db) { return sqlite::read_open_runs(db, view_->owners()); });
}

std::vector<job_memory> sqlite_store_reader::memories()
{
    return view_->read([](sqlite::database& db) { return sqlite::read_memories(db); });
}

} // namespace carillon
