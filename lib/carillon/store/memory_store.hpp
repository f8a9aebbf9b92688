#pragma once

#include <carillon/store/store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/container/flat_set.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/** How much a @ref memory_store keeps. */
struct memory_store_options {
    /// Ended runs of one chain; older ones are forgotten.
    std::size_t keep_runs = 16;
    /// Ended runs of all chains together.
    std::size_t keep_runs_in_all = 10'000;
    /// Spans of missed instants of all chains together.
    std::size_t keep_missed = 1'000;
    /// Claimed instants of one chain that are known as such; an older one could be claimed again.
    std::size_t keep_claims = 64;
};

/** A store that lasts as long as its object. */
class memory_store final : public store {
public:
    explicit memory_store(boost::asio::any_io_executor ex, memory_store_options options = {});

    /** The ended runs of a chain that are kept, oldest first. */
    std::vector<run_record> runs(const std::string& chain) const;

    /** The latest missed spans of all chains that are kept, oldest first. */
    const std::deque<missed_record>& missed() const noexcept { return missed_; }

private:
    struct ended_run {
        std::uint64_t number = 0;
        run_record run;
    };

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

    struct chain_state {
        std::int64_t fence = 0;
        std::vector<instant> claimed{}; // the latest, in the order of their claims
        std::size_t open = 0;           // claimed, not ended
        std::deque<ended_run> done{};   // oldest first
    };

    void load(load_handler handler) override;
    void claim_all(claim_batch batch, instant now, claim_handler handler) override;
    void record(run_record run, record_handler handler) override;
    claim claim_one(const claim_request& request, instant now);
    void forget_oldest();

    boost::asio::any_io_executor executor_;
    memory_store_options options_;
    std::map<std::string, chain_state> chains_;
    boost::container::flat_set<job_memory, by_job> memories_; // a hundred thousand, but small
    std::deque<missed_record> missed_;                        // oldest first
    std::deque<std::pair<std::string, std::uint64_t>>
        order_; // chain and number of ended runs, oldest first
    std::uint64_t ended_ = 0;
    std::int64_t forgotten_fence_ = 0; // the highest of the chains that were forgotten
};

} // namespace carillon
