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

/** A block for each, as high as it took long beside the longest: `▁▂█✗▂`. What failed is a cross,
 * what was skipped a dot. */
styled_text sparkline(const std::vector<spark>& oldest_first);

} // namespace carillon::app
