#pragma once

#include "plan/instant_changes.hpp"
#include "plan/written_keys.hpp"
#include "text/busiest_second.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::app {

/** What a configuration changes when it takes the place of the one that is in force. */
struct reload_plan {
    /// Of the tables without jobs, then of each job that has changed; at most @ref listed_keys.
    std::vector<key_change> keys{};
    std::size_t left_out_keys = 0;
    /// Names of jobs, in the order of the configuration.
    std::vector<std::string> added{};
    std::vector<std::string> removed{};
    std::vector<std::string> changed{};
    instant_changes instants{};
    /// The busiest seconds of the coming day, where instants change.
    std::optional<crowded_second> crowded_before{};
    std::optional<crowded_second> crowded_after{};

    static constexpr std::size_t listed_keys = 1000;

    bool empty() const
    {
        return keys.empty() && added.empty() && removed.empty() && changed.empty();
    }
};

/** The configuration that is in use. */
struct current_configuration {
    std::shared_ptr<const job_set> jobs;
    /// @ref keys_of the configuration.
    std::vector<written_key> keys;
};

/** `origins` are those of the daemon. Pure, for any thread; takes a second or two for schedules
 * with millions of instants a day. */
reload_plan plan_reload(
    const current_configuration& before,
    const configuration& after,
    const time_origins& origins,
    instant now);

/** `added: a, b; changed: c (timeout 1min -> 30s); in the coming day 4 instants appear, ...`;
 * `nothing has changed`. Without secrets. */
std::string in_words(const reload_plan& plan);

} // namespace carillon::app
