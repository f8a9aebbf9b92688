#pragma once

#include <carillon/store/store_reader.hpp>
#include <carillon/store/store_unusable.hpp>

#include <memory>
#include <string>

namespace carillon {

/**
 * Reads the file of a @ref sqlite_store.
 *
 * While nobody uses the store, it needs the right to read the file alone, also on a file system
 * that is read-only. It then makes no file, and takes no lock that SQLite knows.
 */
class sqlite_store_reader final : public store_reader {
public:
    /** Opens the file. Throws @ref store_unusable: it is not there, cannot be read, no store, or of
     * another version. Blocks. */
    explicit sqlite_store_reader(const std::string& path);
    ~sqlite_store_reader() override;

    bool has_daemon() const override;
    history_page find(const history_query& query) override;
    std::optional<run_record> find_run(run_id run) override;
    std::vector<run_id> find_ids(run_id first, run_id last, std::size_t limit) override;
    std::vector<std::vector<run_record>>
    latest_runs(const std::vector<std::string>& chains, std::size_t limit) override;
    std::vector<std::vector<history_entry>>
    latest_entries(const std::vector<std::string>& chains, std::size_t limit) override;
    std::vector<unended_run> open_runs() override;
    std::vector<job_memory> memories() override;

private:
    class view;
    std::unique_ptr<view> view_;
};

} // namespace carillon
