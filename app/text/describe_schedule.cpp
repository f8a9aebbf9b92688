#include "text/describe_schedule.hpp"

#include "text/describe_pattern.hpp"
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <vector>

namespace carillon::app {
namespace {

std::string describe_rate(const schedule& s)
{
    std::string out;
    if (s.on_boot) out = format_span(*s.on_boot) + " after boot";
    if (s.on_start) out = format_span(*s.on_start) + " after start";
    if (s.every) out += (out.empty() ? "every " : ", then every ") + format_span(*s.every);
    return out;
}

std::string describe_at(const std::vector<instant>& at)
{
    std::vector<std::string> words;
    for (const instant t : at) {
        if (words.size() == listed_times) {
            words.push_back(fmt::format("{} more", at.size() - listed_times));
            break;
        }
        words.push_back(format_utc_short(t));
    }
    return "at " + listed(words);
}

/** What differs from the default. */
std::string describe_catch_up(const schedule& s)
{
    const bool is_bounded = s.catch_up_window != unbounded;
    const std::string window =
        is_bounded ? " of at most " + format_span(s.catch_up_window) + " ago" : "";
    switch (s.catch_up) {
    case catch_up_policy::none:
        return "; what was missed is not made up for";
    case catch_up_policy::all:
        return fmt::format(
            "; each missed run{} is made up for, the newest {} of them", window, s.catch_up_limit);
    case catch_up_policy::once:
        break;
    }
    return is_bounded ? fmt::format("; a missed run{} is made up for", window) : "";
}

} // namespace

std::string in_english(const schedule& s)
{
    std::string out;
    if (s.expression)
        out = (s.nth ? every_nth_in_english(*s.expression->pattern, s.nth->n)
                     : in_english(*s.expression->pattern)) +
              ", " + s.expression->zone.name();
    else
        out = s.at.empty() ? describe_rate(s) : describe_at(s.at);
    if (s.start) out += ", from " + format_utc_short(*s.start);
    if (s.end) out += ", before " + format_utc_short(*s.end);
    for (std::size_t i = 0; i < s.exclude.size(); ++i)
        out += (i == 0 ? ", not on " : " or ") + s.exclude[i].text;
    if (s.accuracy > microseconds{0}) out += " (within " + format_span(s.accuracy) + ")";
    if (s.jitter > microseconds{0}) out += " (up to " + format_span(s.jitter) + " later)";
    return out + describe_catch_up(s);
}

} // namespace carillon::app
