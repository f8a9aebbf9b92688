#pragma once

#include <carillon/time/schedule.hpp>

#include <string>

namespace carillon::app {

/** A schedule in plain English: `at 09:00 on Monday to Friday, Europe/Berlin`. */
std::string in_english(const schedule& s);

} // namespace carillon::app
