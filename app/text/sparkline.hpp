#pragma once

#include "text/text_table.hpp"
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>

#include <vector>

namespace carillon::app {

/** One mark of a sparkline. */
struct spark {
    carillon::outcome outcome = carillon::outcome::completed;
    microseconds length{0};
};

/** A block for each run, the higher the longer it took: `▁▂█✗▂`. A failed run is a cross, a skipped
 * one a dot. */
styled_text sparkline(const std::vector<spark>& oldest_first);

} // namespace carillon::app
