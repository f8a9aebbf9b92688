#pragma once

#include <carillon/time/schedule.hpp>

#include <string>

namespace carillon::app {

/** A schedule in plain English: `at 09:00 on Monday to Friday, Europe/Berlin`. */
std::string in_english(const schedule& s);

/** What a pattern of local times means, without its zone. */
std::string in_english(const local_pattern& p);

} // namespace carillon::app
