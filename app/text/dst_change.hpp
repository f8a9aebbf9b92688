#pragma once

#include <carillon/time/instant.hpp>
#include <carillon/time/schedule.hpp>

#include <string>

namespace carillon::app {

/**
 * What the next change of its zone's offset does to a schedule, in words such as `on 2027-03-28
 * 02:30 does not exist: runs at 03:00 instead`.
 *
 * Empty where the schedule names none of the local times that the change leaves out or repeats.
 */
std::string describe_next_change(const schedule& s, instant now);

} // namespace carillon::app
