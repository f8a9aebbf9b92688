// Usage: carillon_bench_schedules [ROUNDS [QUESTIONS]]
// How long a schedule's questions take: the median of so many rounds (21), each of so many
// questions (2,000). A line each: what, zone, nanoseconds, expression. test/bench/schedules prints
// them beside another library's.

#include <carillon/time/calendar.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/time/zoned_pattern.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

using namespace carillon;

namespace {

/** From here on ten years of questions. */
constexpr instant first_asked = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
constexpr instant last_asked = std::chrono::sys_days{std::chrono::year{2034} / 1 / 1};

constexpr const char* zone_names[] = {"UTC", "Europe/Berlin"};
constexpr std::string_view crons[] = {"*/15 * * * *", "30 2 * * *", "0 9 * * MON-FRI",
                                      "0 0 1 * *",    "0 0 29 2 *", "0 0 29 2 */7"};
constexpr std::string_view calendars[] = {"Mon..Fri 08:30", "*:0/15"};
constexpr std::string_view leap_sunday = "0 0 29 2 */7";
constexpr std::string_view each_second = "* * * * * *";

local_pattern cron(std::string_view text)
{
    return std::get<local_pattern>(parse_cron(text).value());
}

local_pattern calendar(std::string_view text) { return parse_calendar(text).value().pattern; }

class benchmark {
public:
    benchmark(int rounds, int questions) : rounds_(rounds)
    {
        // Neither in order nor at round times, and the same in each run and in
        // peers/robfig_next.go.
        const microseconds width = last_asked - first_asked;
        for (std::int64_t i = 0; i < questions; ++i)
            asked_.push_back(first_asked + width / questions * (i * 769 % questions));
    }

    void print_all()
    {
        for (const char* zone : zone_names) print_questions(zone);
        for (const std::string_view text : crons)
            print("parse", "-", text, [&](instant) { return parse_cron(text).has_value(); });
        for (const std::string_view text : calendars)
            print("parse", "-", text, [&](instant) { return parse_calendar(text).has_value(); });
    }

private:
    void print_questions(const char* zone_name)
    {
        const time_zone zone = time_zone::load(zone_name).value();
        const auto print_next = [&](std::string_view text, const local_pattern& pattern) {
            const zoned_pattern instants(pattern, zone, dst_policy::run);
            print("next_after", zone_name, text, [&](instant t) {
                return instants.next_after(t)->time_since_epoch().count();
            });
        };
        for (const std::string_view text : crons) print_next(text, cron(text));
        for (const std::string_view text : calendars) print_next(text, calendar(text));

        for (const std::string_view text : crons) {
            const local_pattern pattern = cron(text);
            const zoned_pattern instants(pattern, zone, dst_policy::run);
            print("last_until", zone_name, text, [&](instant t) {
                return instants.last_until(t)->time_since_epoch().count();
            });
        }
        const local_pattern pattern = cron(each_second);
        const zoned_pattern instants(pattern, zone, dst_policy::run);
        print("count", zone_name, each_second, [&](instant t) {
            return instants.count(t, t + (last_asked - first_asked));
        });
    }

    /** `ask` answers with a number, so that no answer can be left out. */
    template <class Ask>
    void print(std::string_view what, std::string_view zone, std::string_view text, Ask ask)
    {
        using clock = std::chrono::steady_clock;
        std::vector<double> each;
        for (int round = 0; round < rounds_; ++round) {
            const auto begin = clock::now();
            for (const instant t : asked_) sink_ = sink_ + static_cast<std::uint64_t>(ask(t));
            const std::chrono::duration<double, std::nano> taken = clock::now() - begin;
            each.push_back(taken.count() / static_cast<double>(asked_.size()));
        }
        std::nth_element(each.begin(), each.begin() + rounds_ / 2, each.end());
        fmt::print("{:<10} {:<13} {:>6.0f} ns  {}\n", what, zone, each[each.size() / 2], text);
    }

    int rounds_;
    std::vector<instant> asked_;
    volatile std::uint64_t sink_ = 0;
};

/** Day and weekday must both fit: what is measured is the search for a rare day. */
bool is_leap_sunday_rare()
{
    const time_zone utc;
    const local_pattern pattern = cron(leap_sunday);
    const auto next = zoned_pattern(pattern, utc, dst_policy::run).next_after(first_asked);
    return next == instant{std::chrono::sys_days{std::chrono::year{2032} / 2 / 29}};
}

int number_or(int argc, char** argv, int at, int otherwise)
{
    return at < argc ? std::max(1, std::atoi(argv[at])) : otherwise;
}

} // namespace

int main(int argc, char** argv)
{
    if (!is_leap_sunday_rare()) {
        fmt::print(stderr, "'{}' is not 29 February on Sundays\n", leap_sunday);
        return 1;
    }
    benchmark(number_or(argc, argv, 1, 21), number_or(argc, argv, 2, 2000)).print_all();
    return 0;
}
