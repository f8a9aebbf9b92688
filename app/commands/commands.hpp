#pragma once

#include "commands/history.hpp"
#include "commands/next.hpp"
#include "demo/demo.hpp"
#include "simulate/simulate.hpp"

#include <string>

/** The commands, but for the demo: each reads the configuration of a path, does what it is asked
 * for, prints, and gives the exit code of exit_code.hpp. */
namespace carillon::app {

/** What `carillon status` was asked for. */
struct status_options {
    bool as_json = false;
    /// Shown again each second, until the user leaves.
    bool is_watched = false;
};

int command_run(const std::string& path);
int command_once(const std::string& path, const std::string& job);
int command_retry(const std::string& path, const std::string& run);
int command_check(const std::string& path, bool as_json);
int command_next(const std::string& path, const next_options& o);
int command_simulate(const std::string& path, const simulate_options& o);
int command_status(const std::string& path, const status_options& o);
int command_history(const std::string& path, const history_options& o);
int command_jobs(const std::string& path);
int command_show(const std::string& path, const std::string& run, bool as_json);

/** `next --batch`; see @ref answer_lines. */
int command_batch();

} // namespace carillon::app
