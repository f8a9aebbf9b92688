#pragma once

#include "simulate/simulation.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace simulated_properties {

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

/** Jobs and what befalls their machine, as a seed says. Incidents are near instants more often than
 * chance would have it. */
class random_world {
public:
    explicit random_world(std::uint64_t seed) : random_(seed)
    {
        what_.from = std::chrono::sys_days{std::chrono::year{2026} / 3 / 27} + below(48) * 30min;
        what_.span = (1 + below(3)) * 24h;
        what_.boot = what_.from - below(3) * 47min;
        what_.seed = seed;
        what_.shutdown_grace = span_up_to(90s);
        if (one_in(2)) what_.commit = one_in(2) ? span_up_to(50ms) : span_up_to(5s);
        const int jobs = 1 + below(3);
        for (int i = 0; i < jobs; ++i) add_job("job-" + std::to_string(i));
        const bool is_set = one_in(2);
        const int incidents = below(9);
        for (int i = 0; i < incidents; ++i) add_incident(is_set);
        // The end is quiet, so that all comes to something: what befalls the machine by the wall
        // clock comes later where that is set back.
        what_.span += quiet;
        for (const incident& i : what_.incidents) {
            if (i.what == incident::kind::step && i.span < 0s) what_.span -= i.span;
            if (i.what == incident::kind::suspend) what_.span += i.span;
        }
    }

    job_set jobs() const { return job_set::create(jobs_).value(); }
    const scenario& what() const { return what_; }

    /** For people. */
    std::string text() const
    {
        std::string out = fmt::format(
            "from {}, boot {}, grace {}, commit {}\n", format_utc(what_.from),
            format_utc(what_.boot), format_span(what_.shutdown_grace), format_span(what_.commit));
        for (const job& j : jobs_) {
            out += j.name +
                   fmt::format(
                       ": overlap {}, {} attempts", static_cast<int>(j.overlap), j.retry->attempts);
            if (const auto reply = what_.replies.find(j.name); reply != what_.replies.end())
                out += fmt::format(
                    ", {} after {}", to_string(reply->second.outcome),
                    format_span(reply->second.after));
            if (const auto* s = std::get_if<schedule>(&j.trigger)) out += text_of(*s);
            out += "\n";
        }
        for (const incident& i : what_.incidents)
            out += fmt::format(
                "{} at {} for {}{}\n", static_cast<int>(i.what), format_utc(i.at),
                i.span < 0s ? "-" : "", format_span(i.span < 0s ? -i.span : i.span));
        return out;
    }

private:
    static std::string text_of(const schedule& s)
    {
        std::string out;
        const auto add = [&](const char* what, const std::optional<microseconds>& span) {
            if (span && *span != 0s && *span != unbounded)
                out += fmt::format(", {} {}", what, format_span(*span));
        };
        add("every", s.every);
        if (s.on_boot) out += ", on_boot " + format_span(*s.on_boot);
        if (s.on_start) out += ", on_start " + format_span(*s.on_start);
        if (s.expression) out += ", " + s.expression->text + " " + s.expression->zone.name();
        add("accuracy", s.accuracy);
        add("jitter", s.jitter);
        add("catch_up_window", s.catch_up_window);
        return out + fmt::format(
                         ", catch_up {}, limit {}, {} exclusions, dst {}",
                         static_cast<int>(s.catch_up), s.catch_up_limit, s.exclude.size(),
                         static_cast<int>(s.dst));
    }

    /// From the last incident on, whose span is up to 10 hours.
    static constexpr microseconds quiet = 22h;

    int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

    bool one_in(int n) { return below(n) == 0; }

    microseconds span_up_to(microseconds longest)
    {
        return microseconds{
            static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(longest.count()))};
    }

    template <class T, std::size_t N>
    T one_of(const std::array<T, N>& all)
    {
        return all[static_cast<std::size_t>(below(static_cast<int>(N)))];
    }

    schedule random_schedule(const std::string& name)
    {
        static constexpr std::array<const char*, 8> crons{
            "*/15 * * * *", "0 * * * *",       "30 2 * * *",   "H H * * *",
            "7 */3 * * *",  "0 9 * * MON-FRI", "0,30 2 * * *", "*/20 1-3 * * *"};
        static constexpr std::array<const char*, 3> zones{
            "UTC", "Europe/Berlin", "Australia/Lord_Howe"};
        switch (below(5)) {
        case 0:
            return {.every = (1 + below(90)) * 1min};
        case 1:
            return {.every = (5 + below(90)) * 1min, .on_boot = below(10) * 1min};
        case 2:
            return {.every = (5 + below(90)) * 1min, .on_start = below(10) * 1min};
        case 3:
            if (one_in(4)) return {.on_boot = below(10) * 1min};
            break;
        default:
            break;
        }
        schedule s =
            schedule_from_cron(one_of(crons), time_zone::load(one_of(zones)).value(), name).value();
        s.dst = static_cast<dst_policy>(below(4));
        return s;
    }

    void add_job(const std::string& name)
    {
        schedule s = random_schedule(name);
        s.catch_up = static_cast<catch_up_policy>(below(3));
        s.catch_up_limit = 1 + below(20);
        if (one_in(2)) s.catch_up_window = (1 + below(600)) * 1min;
        if (one_in(3)) s.accuracy = span_up_to(5min);
        if (one_in(3)) s.jitter = span_up_to(10min);
        // What a grid before owes waits for the first tick of the next, maybe for a day.
        const char* days = follows_elapsed_time(s) ? "*-*-* 02..04:*" : "2026-03-29";
        if (one_in(4)) s.exclude.push_back(parse_exclusion(days, {}).value());
        if (one_in(4)) s.exclude.push_back(parse_exclusion("*-*-* 03:00", {}).value());
        const bool is_slow = one_in(3);
        if (is_slow) s.catch_up_limit = std::min(s.catch_up_limit, 5);
        job j{.name = name, .trigger = std::move(s), .url = "http://localhost/", .timeout = 1h};
        // One that is replaced before it ends leaves no time for what is owed.
        if (one_in(2)) j.overlap = is_slow ? one_of(slow_overlaps) : one_of(overlaps);
        if (one_in(2) && j.overlap != overlap_policy::replace)
            j.retry = retry_policy{.attempts = 1 + below(3)};
        add_reply(name, is_slow);
        jobs_.push_back(std::move(j));
        if (!one_in(2)) return;
        job next{.name = name + "-next", .url = "http://localhost/"};
        next.trigger = after{{name, one_in(2) ? condition::finished : condition::succeeded}};
        if (jobs_.back().overlap == overlap_policy::replace)
            what_.replies[next.name] = {outcome::completed, 1s};
        jobs_.push_back(std::move(next));
    }

    void add_reply(const std::string& name, bool is_slow)
    {
        static constexpr std::array<outcome, 5> outcomes{
            outcome::completed, outcome::completed, outcome::failed, outcome::unreachable,
            outcome::timed_out};
        what_.replies[name] = {one_of(outcomes), span_up_to(is_slow ? 10min : 50s)};
    }

    void add_incident(bool is_set)
    {
        using enum incident::kind;
        static constexpr std::array kinds{down, off, suspend, step};
        incident i{.what = kinds[static_cast<std::size_t>(below(is_set ? 4 : 3))]};
        i.at = what_.from + 1min + span_up_to(what_.span);
        if (!one_in(3)) i.at = std::chrono::floor<std::chrono::minutes>(i.at) + off_by();
        if (i.at <= what_.from + 1min) i.at += 1min;
        i.span = one_in(3) ? span_up_to(90s) : span_up_to(one_in(2) ? 1h : 10h);
        if (one_in(4)) i.span = std::chrono::floor<std::chrono::minutes>(i.span);
        if (i.what == incident::kind::step && one_in(2)) i.span = -i.span;
        what_.incidents.push_back(i);
    }

    /** From a whole minute, at which instants are. */
    microseconds off_by()
    {
        switch (below(5)) {
        case 0:
            return 0s;
        case 1:
            return microseconds{1 - 2 * below(2)};
        case 2:
            return span_up_to(100ms);
        case 3:
            return span_up_to(60s);
        default:
            return -span_up_to(5s);
        }
    }

    static constexpr std::array<overlap_policy, 3> slow_overlaps{
        overlap_policy::skip, overlap_policy::queue, overlap_policy::allow};
    static constexpr std::array<overlap_policy, 4> overlaps{
        overlap_policy::skip, overlap_policy::queue, overlap_policy::replace,
        overlap_policy::allow};

    std::mt19937_64 random_;
    scenario what_;
    std::vector<job> jobs_;
};

} // namespace simulated_properties
