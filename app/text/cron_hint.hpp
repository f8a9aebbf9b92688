#pragma once

#include <string>
#include <string_view>

namespace carillon::app {

/** What a text that is no cron expression was meant to be, for the end of its error: ` (did you
 * mean '@daily'?)`; empty where it is not known. */
std::string cron_hint(std::string_view text);

} // namespace carillon::app
