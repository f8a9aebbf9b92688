#pragma once

#include "base/terminal.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/job/job_state.hpp>
#include <carillon/store/store_reader.hpp>
#include <carillon/time/time_source.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::app {

/** What a store tells of a job. */
struct job_status {
    bool paused = false;
    /// Runs under way of the chains that it takes part in.
    int running = 0;
    /// Its next instant, of a job that has a schedule. It may have passed, and is then due at once.
    std::optional<instant> next{};
    /// How much later jitter lets it run.
    microseconds next_delay{0};
    explained_state state{};
    /// The last runs in which it took part and that have ended or were interrupted by a crash,
    /// newest first.
    std::vector<std::shared_ptr<const run_record>> recent{};
};

struct status_report {
    bool has_daemon = false;
    /// One for each job of the configuration.
    std::vector<job_status> jobs{};
};

/** Asks the store about all jobs. Next instants are those that the daemon has written down: none of
 * a job that it has not seen yet, or under another schedule. */
status_report read_status(store_reader& store, const job_set& jobs, const time_source& time);

/** Tables for people. */
std::string as_table(const status_report& r, const job_set& jobs, instant now, const screen& to);

/** `{"jobs": [...]}` */
std::string as_json(const status_report& r, const job_set& jobs);

} // namespace carillon::app
