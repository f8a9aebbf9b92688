#pragma once

#include "config/store_config.hpp"
#include "config/table_reader.hpp"
#include "log/sinks.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/job/proxy_rules.hpp>

#include <boost/system/result.hpp>

#include <string>
#include <vector>

namespace carillon::app {

/** A configuration that is valid as a whole. */
struct configuration {
    job_set jobs;
    std::vector<sink_options> sinks;
    /// `[runner] shutdown_grace`.
    microseconds shutdown_grace = std::chrono::seconds{30};
    /// `[runner] max_concurrent`.
    std::size_t max_concurrent = 1000;
    /// `[runner] max_per_origin`.
    std::size_t max_per_origin = 100;
    store_options store;
    /// Those of the environment.
    proxy_rules proxies;
    /// What works but should not be so.
    std::vector<config_error> warnings;
    /// Keys that were ignored, since their values cannot be read here.
    std::vector<config_error> lacking;
};

/** What a configuration is read for. */
enum class config_use {
    /// To send requests: each value is needed.
    send,
    /// To look: the store's path, and the names, chains and schedules of jobs are needed. Any other
    /// value may be missing, as a secret is in an operator's shell.
    look,
};

/** All that is wrong with a configuration; never empty. Texts hold no secrets. */
struct invalid_configuration {
    std::vector<config_error> errors;
};

/** Lets `value()` throw `std::invalid_argument`. */
[[noreturn]] void
throw_exception_from_error(const invalid_configuration& e, const boost::source_location&);

/** Reads a file and those that it includes. Everything that is wrong is found at once. Blocks. */
boost::system::result<configuration, invalid_configuration>
load_configuration(const std::string& path, variables from, config_use use = config_use::send);

} // namespace carillon::app
