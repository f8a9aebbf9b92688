#include "demo/customers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace carillon::app {
namespace {

enum class behaviour { loyal, growing, fading, silent };

constexpr std::array behaviours{behaviour::loyal,  behaviour::growing, behaviour::loyal,
                                behaviour::fading, behaviour::silent,  behaviour::growing,
                                behaviour::loyal,  behaviour::fading};
constexpr std::array first_words{"Northwind",   "Blue Harbor", "Cedar",   "Summit",
                                 "Lakeside",    "Ironbridge",  "Juniper", "Marigold",
                                 "Copper Hill", "Windmill"};
constexpr std::array last_words{"Traders", "Logistics", "Analytics", "Foods"};
constexpr std::array kinds{"login", "report_viewed", "export", "api_call"};

constexpr int history_days = 60;
constexpr int max_events_a_day = 4;

/** How likely a customer is active on a day, in percent; day 0 is the last 24 hours. */
int activity_percent(behaviour b, int days_ago)
{
    switch (b) {
    case behaviour::loyal:
        return 95;
    case behaviour::growing:
        return std::max(10, 95 - 3 * days_ago);
    case behaviour::fading:
        if (days_ago == 4) return 100; // still seen: the difference from silent
        return days_ago < 7 ? 15 : std::min(90, 15 + 3 * days_ago);
    case behaviour::silent:
        if (days_ago < 9) return 0;
        return days_ago < 12 ? 100 : 70; // enough of them to be missed
    }
    return 0;
}

std::vector<customer_event> make_history(std::mt19937_64& random, behaviour b, instant now)
{
    constexpr int day_seconds = 24 * 60 * 60;
    std::vector<customer_event> events;
    for (int days_ago = history_days - 1; days_ago >= 0; --days_ago) {
        if (draw(random, 100) >= activity_percent(b, days_ago)) continue;
        const int count = 1 + draw(random, max_events_a_day);
        for (int i = 0; i < count; ++i) {
            const std::chrono::seconds into_day(draw(random, day_seconds));
            events.push_back(make_event(random, now - std::chrono::days(days_ago) - into_day));
        }
    }
    return events;
}

} // namespace

std::vector<customer_history> make_customers(std::mt19937_64& random, instant now)
{
    std::vector<customer_history> all;
    for (const char* last : last_words) {
        for (const char* first : first_words) {
            const behaviour b = behaviours[all.size() % behaviours.size()];
            all.push_back({std::string(first) + " " + last, make_history(random, b, now)});
        }
    }
    return all;
}

customer_event make_event(std::mt19937_64& random, instant at)
{
    const auto kind = static_cast<std::size_t>(draw(random, static_cast<int>(kinds.size())));
    return {at, kinds[kind]};
}

// The standard's distributions differ from library to library; a remainder does not, and is even
// enough here.
int draw(std::mt19937_64& random, int below)
{
    return static_cast<int>(random() % static_cast<std::uint64_t>(below));
}

} // namespace carillon::app
