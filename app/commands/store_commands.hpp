#pragma once

#include "commands/history.hpp"
#include "config/config.hpp"

#include <string>

/** The commands that read the store of a configuration; each prints and gives the exit code. */
namespace carillon::app {

int show_history(const configuration& config, const history_options& o);

/** `id` may be the beginning of one. */
int show_run(const configuration& config, const std::string& id, bool as_json);

int show_status(configuration config, bool as_json);

/** Shows the status each second until the user leaves. */
int watch_status(configuration config);

/** Retries a run; the exit code is that of @ref one_run::retry. */
int retry_run(configuration config, const std::string& id);

} // namespace carillon::app
