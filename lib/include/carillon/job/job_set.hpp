#pragma once

#include <carillon/job/job.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** One thing that is wrong with a job. */
struct problem {
    std::string job;
    /// The key as the configuration names it: `retry.backoff`.
    std::string key;
    /// What is wrong, in words without secrets.
    std::string what;

    friend bool operator==(const problem&, const problem&) = default;
};

/** All that is wrong with a set of jobs; never empty. */
struct invalid_jobs {
    std::vector<problem> problems;
};

/** Lets `result<job_set, invalid_jobs>::value()` throw `std::invalid_argument`. */
[[noreturn]] void throw_exception_from_error(const invalid_jobs& e, const boost::source_location&);

/** A job's place in its set. */
using job_index = std::uint32_t;

/**
 * Jobs that fit together, and their chains: each job is valid by itself, names are unique, and what
 * waits for other jobs stems from one first job without a cycle.
 *
 * Immutable; may be read from several threads.
 */
class job_set {
public:
    /** An empty set. */
    job_set() = default;

    /**
     * Validates jobs and works out their chains. Reports all that is wrong at once.
     *
     * `secrets` are texts to hide beside those that the jobs' headers and URLs hold.
     */
    static boost::system::result<job_set, invalid_jobs>
    create(std::vector<job> jobs, masker secrets = {});

    /** How many jobs there are. */
    std::size_t size() const noexcept { return jobs_.size(); }

    /** The job at a place, which must be less than @ref size. */
    const job& operator[](job_index i) const noexcept { return jobs_[i]; }

    /** The jobs in the order in which they were given. */
    const std::vector<job>& jobs() const noexcept { return jobs_; }

    /** The job of this name. */
    std::optional<job_index> find(std::string_view name) const noexcept;

    /** The first job of the chain that `i` belongs to; itself where it waits for none. */
    job_index chain_of(job_index i) const noexcept { return roots_.empty() ? i : roots_[i]; }

    /** The jobs that wait for `i`, in the order in which they were given. */
    std::span<const job_index> children(job_index i) const noexcept;

    /** `first` and all jobs that run after it, parents before children. */
    std::vector<job_index> chain_from(job_index first) const;

    /** What must never be shown. */
    const masker& secrets() const noexcept { return secrets_; }

private:
    class builder;

    std::vector<job> jobs_;
    std::vector<job_index> by_name_;
    // Empty where no job waits for another, as in a large set of single jobs.
    std::vector<job_index> roots_;
    std::vector<job_index> children_;
    std::vector<job_index>
        first_child_; // of job i: children_[first_child_[i]] to children_[first_child_[i + 1]]
    masker secrets_;
};

/** All that is wrong with one job by itself, in the order of its keys. */
std::vector<problem> find_problems(const job& j);

} // namespace carillon
