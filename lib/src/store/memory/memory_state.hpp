#pragma once

#include "store/memory/memory_history.hpp"
#include "store/memory/open_runs.hpp"
#include <carillon/store/claim.hpp>
#include <carillon/store/history.hpp>
#include <carillon/store/job_memory.hpp>
#include <carillon/store/memory_store.hpp>

#include <boost/container/flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace carillon::detail {

/**
 * What memory stores keep, for all who share it.
 *
 * Each of its owners stands for a process. For one thread at a time.
 */
class memory_state {
public:
    explicit memory_state(const memory_store_options& options)
        : keep_claims_(options.keep_claims), history_(options)
    {}

    int add_owner() { return ++owners_; }

    /** What it claimed is nobody's. */
    void owner_is_gone(int owner) { open_.disown(owner); }

    recollection load() const;
    std::vector<claim> commit_changes(const store_changes& batch, instant now, int owner);
    void save_progress(run_id run, job_record job);
    void finish(std::shared_ptr<const run_record> run);

    const memory_history& history() const { return history_; }
    std::vector<job_memory> memories() const { return {memories_.begin(), memories_.end()}; }

    /** See @ref store_reader::open_runs. */
    std::vector<unended_run> unended() const { return open_.all(); }

    /** See @ref store_reader::find_run. */
    std::optional<run_record> find_run(run_id id) const;

    /** See @ref store_reader::find_ids. */
    std::vector<run_id> find_ids(run_id first, run_id last, std::size_t limit) const;

private:
    struct by_job {
        using is_transparent = void;

        static std::string_view name(const job_memory& m) noexcept { return m.job; }
        static std::string_view name(std::string_view job) noexcept { return job; }

        template <class A, class B>
        bool operator()(const A& a, const B& b) const
        {
            return name(a) < name(b);
        }
    };

    void take_back(const returned_claim& r);
    claim claim_one(const claim_request& r, instant now, int owner);
    std::optional<run_record> record_to_claim(const claim_request& r);
    bool is_new(const std::string& chain, instant at);
    void remember(const std::vector<job_memory>& memories);
    void append(instant at, std::variant<memory_history::ended_run, missed_record> what);

    std::size_t keep_claims_;
    int owners_ = 0;
    open_runs open_;
    memory_history history_;
    // The latest of each chain, in the order of their claims.
    std::unordered_map<std::string, std::vector<instant>> claimed_;
    boost::container::flat_set<job_memory, by_job> memories_; // a hundred thousand, but small
    std::int64_t fence_ = 0;
};

} // namespace carillon::detail
