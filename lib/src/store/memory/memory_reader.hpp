#pragma once

#include "store/memory/memory_state.hpp"
#include <carillon/store/store_reader.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/** Reads what memory stores keep. For the thread of those who share it. */
class memory_reader final : public store_reader {
public:
    explicit memory_reader(std::shared_ptr<const memory_state> of) : state_(std::move(of)) {}

    bool has_daemon() const override { return false; }
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
    std::shared_ptr<const memory_state> state_;
};

} // namespace carillon::detail
