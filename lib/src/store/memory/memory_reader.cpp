#include "store/memory/memory_reader.hpp"

#include <algorithm>

namespace carillon::detail {
namespace {

/** The last of a list, the very last first. */
template <class T>
std::vector<T> newest(std::vector<T> oldest_first, std::size_t limit)
{
    std::reverse(oldest_first.begin(), oldest_first.end());
    if (oldest_first.size() > limit) oldest_first.resize(limit);
    return oldest_first;
}

} // namespace

history_page memory_reader::find(const history_query& query)
{
    return state_->history().find(query);
}

std::optional<run_record> memory_reader::find_run(run_id run) { return state_->find_run(run); }

std::vector<run_id> memory_reader::find_ids(run_id first, run_id last, std::size_t limit)
{
    return state_->find_ids(first, last, limit);
}

std::vector<std::vector<run_record>>
memory_reader::latest_runs(const std::vector<std::string>& chains, std::size_t limit)
{
    std::vector<std::vector<run_record>> out;
    out.reserve(chains.size());
    for (const std::string& chain : chains)
        out.push_back(newest(state_->history().runs(chain), limit));
    return out;
}

std::vector<std::vector<history_entry>>
memory_reader::latest_entries(const std::vector<std::string>& chains, std::size_t limit)
{
    std::vector<std::vector<history_entry>> out;
    out.reserve(chains.size());
    for (const std::string& chain : chains)
        out.push_back(newest(state_->history().entries(chain), limit));
    return out;
}

std::vector<unended_run> memory_reader::open_runs() { return state_->unended(); }

std::vector<job_memory> memory_reader::memories() { return state_->memories(); }

} // namespace carillon::detail
