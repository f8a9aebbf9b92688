#include <carillon/store/owner_lock.hpp>
#include <carillon/store/sqlite_files.hpp>
#include <carillon/store/sqlite_history.hpp>
#include <carillon/store/sqlite_schema.hpp>
#include <carillon/store/store_reader.hpp>

namespace carillon {

struct store_reader::handles {
    explicit handles(const std::string& path)
        : owners(path, owner_lock::use::look), db(open(path, owners))
    {}

    /** While no other process opens or closes the store. */
    static sqlite::database open(const std::string& path, owner_lock& owners)
    {
        owners.begin_set_up();
        sqlite::require_same_files(path, owners);
        sqlite::database db = sqlite::open_for_reading(path);
        owners.end_set_up();
        return db;
    }

    owner_lock owners;
    sqlite::database db;
};

store_reader::store_reader(const std::string& path)
    : handles_(std::make_unique<handles>(sqlite::real_path(path)))
{}

store_reader::~store_reader() = default;

bool store_reader::has_daemon() const { return handles_->owners.has_daemon(); }

history_page store_reader::find(const history_query& query)
{
    return sqlite::find(handles_->db, query);
}

std::optional<run_record> store_reader::find_run(run_id run)
{
    return sqlite::find_run(handles_->db, handles_->owners, run);
}

std::vector<run_id> store_reader::find_ids(run_id first, run_id last, std::size_t limit)
{
    return sqlite::find_ids(handles_->db, first, last, limit);
}

std::vector<std::vector<run_record>>
store_reader::latest_runs(const std::vector<std::string>& chains, std::size_t limit)
{
    return sqlite::latest_runs(handles_->db, chains, limit);
}

std::vector<open_run> store_reader::open_runs()
{
    return sqlite::read_open_runs(handles_->db, handles_->owners);
}

std::vector<job_memory> store_reader::memories() { return sqlite::read_memories(handles_->db); }

} // namespace carillon
