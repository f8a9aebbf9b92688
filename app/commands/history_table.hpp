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
    /// The one that was asked for, which gets a summary; empty where all were.
    std::string job{};
    screen to{};
};

/** A table for people, and below it the summary of the one job, and how to go on. */
std::string as_table(const history_page& page, const history_look& look);

} // namespace carillon::app
