#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/job/run.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace carillon::detail {

/**
 * The order of a run's jobs. Pure: `chain_run` tells it how jobs end, and it says what comes next.
 *
 * A job starts when every parent within the run has ended as its `after` asks. If one has ended
 * otherwise, or the job is disabled, the job is skipped. Parents outside the run count as met.
 */
class chain_walk {
public:
    /** What to do with the job at a position of the run. */
    struct step {
        std::size_t position;
        /// If set, the job is skipped for this reason. Otherwise it starts.
        std::optional<reason> skip;
    };

    /**
     * `members` are the run's jobs, parents before children. With `by_hand` the first job runs even
     * if it is disabled. The jobs must outlive the walk.
     */
    chain_walk(const job_set& jobs, std::vector<job_index> members, bool by_hand);

    std::size_t size() const noexcept { return members_.size(); }
    const job& at(std::size_t position) const noexcept { return jobs_[members_[position].job]; }

    /** The next step, or nothing until another job has ended. A skipped job counts as ended. */
    std::optional<step> next();

    /** The job at `position` ended. */
    void ended(std::size_t position, outcome o);

    /** The job at `position` had ended before the walk began. */
    void had_ended(std::size_t position, outcome o);

private:
    struct member {
        job_index job;
        std::size_t waits_for = 0; // parents in the run that have not ended
        bool conditions_met = true;
        bool has_ended = false; // before the walk began
    };

    std::size_t position_of(job_index j) const;
    void settle_child(job_index child, job_index parent, outcome o);

    const job_set& jobs_;
    bool by_hand_;
    std::vector<member> members_;
    std::vector<std::size_t> by_job_; // positions in the order of their jobs
    std::deque<std::size_t> ready_;
};

/** Whether an outcome meets a condition. */
bool meets(condition c, outcome o) noexcept;

} // namespace carillon::detail
