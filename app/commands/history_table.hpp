#pragma once

#include "base/terminal.hpp"
#include <carillon/store/history.hpp>

#include <cstddef>
#include <string>

namespace carillon::app {

/** How a part of the history is shown. */
struct history_look {
    instant now{};
    /// Of the ids that are shown.
    std::size_t id_length = 13;
    /// The job that was asked for, which gets a summary; empty where all jobs were.
    std::string job{};
    screen to{};
};

/** A table for people. Below it stand the summary of the one job, and the command for the next
 * page. */
std::string as_table(const history_page& page, const history_look& look);

} // namespace carillon::app
