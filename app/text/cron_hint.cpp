#include "text/cron_hint.hpp"

#include <carillon/time/schedule.hpp>

#include <fmt/format.h>

namespace carillon::app {

std::string cron_hint(std::string_view text)
{
    const std::string nickname = fmt::format("@{}", text);
    if (schedule_from_cron(nickname)) return fmt::format(" (did you mean '{}'?)", nickname);
    if (schedule_from_calendar(text)) return " (it is a calendar event: write it as calendar)";
    return {};
}

} // namespace carillon::app
