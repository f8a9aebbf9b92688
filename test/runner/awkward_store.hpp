#pragma once

#include <carillon/store/store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace carillon::test {

/** How awkward an @ref awkward_store is. */
struct awkwardness {
    std::uint64_t seed = 1;
    /// An answer comes so late at the most. Without it answers are out of step, but at once.
    microseconds longest_delay{0};
    /// Every so many operations, about, the connection is lost; never, if zero.
    int loses_one_in = 0;
    /// Called before claims take effect: what other processes do meanwhile.
    std::function<void(const store_changes&)> meanwhile = [](const store_changes&) {};
};

/**
 * A store that keeps to the contract of @ref store and to nothing else, from a seed: it passes
 * operations on to another, in the order of their launches, and tells what came of them late.
 *
 * Answers are in order among operations of one kind alone: how far a run is may be answered before
 * the claim that was asked for first. Where the connection is lost, what is asked for fails for
 * some seconds. What was under way has taken effect, or not. Of claims the answer comes when that
 * is known, other operations fail in both cases.
 */
class awkward_store final : public store {
public:
    /** `real` takes effect within its calls. */
    awkward_store(
        boost::asio::any_io_executor ex,
        time_source& time,
        std::unique_ptr<store> real,
        awkwardness how);
    ~awkward_store() override;

    microseconds claim_lead(std::size_t claims) const noexcept override;
    bool is_durable() const noexcept override;

private:
    class state;

    void load(load_handler handler) override;
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override;
    void save_progress(run_id run, job_record job, plain_handler handler) override;
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override;
    void find(history_query query, find_handler handler) override;
    void find_run(run_id run, find_run_handler handler) override;

    std::shared_ptr<state> state_;
};

/** Another process that runs the same jobs: it wins some claims before others ask for them, and
 * runs jobs by hand. */
class rival {
public:
    /** `connection` takes effect within its calls. Both must outlive what it has begun. */
    rival(time_source& time, carillon::store& connection, std::uint64_t seed);

    /** Acts before somebody else's claims. */
    void before(const store_changes& other);

    /** How many scheduled occurrences of a chain it has won. */
    std::int64_t wins(const std::string& chain) const
    {
        const auto at = wins_.find(chain);
        return at != wins_.end() ? at->second : 0;
    }

private:
    void win(const std::string& chain, instant at, run_trigger trigger);

    time_source& time_;
    carillon::store& connection_;
    std::mt19937_64 random_;
    std::map<std::string, std::int64_t> wins_;
};

} // namespace carillon::test
