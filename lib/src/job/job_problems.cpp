#include "base/json_number.hpp"
#include "job/route_problems.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/header_name.hpp>
#include <carillon/job/job_set.hpp>
#include <carillon/job/job_templates.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace carillon {
namespace {

/** Why a job cannot send this method; empty if it can. Methods that are unknown here are left to
 * the server (RFC 9110 section 16.1). */
std::string method_problem(std::string_view method)
{
    static constexpr std::array<std::string_view, 9> known{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"};
    if (!is_token(method)) return "not an HTTP method, such as POST";
    const auto* const is = std::find_if(known.begin(), known.end(), [&](std::string_view m) {
        return detail::equals_ignoring_case(m, method);
    });
    if (is == known.end()) return {};
    if (*is == "CONNECT" || *is == "TRACE") return fmt::format("{} cannot be sent by a job", *is);
    return *is == method ? "" : fmt::format("methods are in capitals: write {}", *is);
}

/** Collects the problems of one job. */
class inspector {
public:
    explicit inspector(const job& j) : job_(j) {}

    std::vector<problem> take() && { return std::move(problems_); }

    void inspect()
    {
        inspect_name();
        inspect_request();
        for (auto& [key, what] : detail::find_route_problems(job_))
            add(std::move(key), std::move(what));
        inspect_templates();
        inspect_times();
        inspect_retry(*job_.retry);
        inspect_expectation("expect", *job_.expect);
        if (*job_.poll) inspect_poll(**job_.poll);
        if (const auto why = json_pointer_problem(job_.message); !why.empty())
            add("message", std::string(why));
        if (const auto* s = std::get_if<schedule>(&job_.trigger)) inspect_schedule(*s);
    }

private:
    void add(std::string key, std::string what)
    {
        problems_.push_back({job_.name, std::move(key), std::move(what)});
    }

    void refuse_endless(const char* key, microseconds span)
    {
        if (span > max_span) add(key, "must be at most 100 years");
    }

    void require_positive(const char* key, microseconds span)
    {
        if (span <= microseconds{0}) add(key, "must be longer than 0");
        refuse_endless(key, span);
    }

    void inspect_name()
    {
        const std::string& name = job_.name;
        if (name.empty()) add("name", "a job needs a name");
        if (!std::all_of(name.begin(), name.end(), detail::is_name_character))
            add("name", "a job's name holds only letters, digits, '.', '_' and '-'");
        if (name.size() > 200) add("name", "a job's name has at most 200 characters");
    }

    void inspect_request()
    {
        if (job_.url.empty())
            add("url", "a job needs a url");
        else if (const std::string why = detail::url_problem(job_.url); !why.empty())
            add("url", why);
        if (const std::string why = method_problem(job_.method); !why.empty()) add("method", why);
        for (const header& h : *job_.headers) {
            if (const auto why = header_name_problem(h.name); !why.empty())
                add("headers." + h.name, std::string(why));
            else if (has_control(h.value.reveal()))
                add("headers." + h.name, "a header's value cannot hold control characters");
        }
    }

    void inspect_templates()
    {
        for_each_template(job_, [&](std::string_view key, const std::string& text) {
            if (const auto wrong = template_problem(text)) add(std::string(key), wrong->what);
        });
    }

    void inspect_times()
    {
        require_positive("timeout", job_.timeout);
        require_positive("connect_timeout", job_.connect_timeout);
        require_positive("deadline", job_.deadline);
        if (job_.overlap != overlap_policy::skip && std::holds_alternative<after>(job_.trigger))
            add("overlap", "is the chain's: its first job says what happens");
    }

    void inspect_retry(const retry_policy& retry)
    {
        if (retry.attempts < 1 || retry.attempts > 1000)
            add("retry.attempts", "must be from 1 to 1000; the first attempt counts");
        require_positive("retry.backoff", retry.backoff);
        require_positive("retry.max_backoff", retry.max_backoff);
        if (retry.backoff > retry.max_backoff && retry.max_backoff > microseconds{0})
            add("retry.backoff", fmt::format(
                                     "{} is longer than max_backoff ({})",
                                     format_span(retry.backoff), format_span(retry.max_backoff)));
        if (!(retry.multiplier >= 1) || retry.multiplier > 1000)
            add("retry.multiplier", "must be from 1 to 1000");
        inspect_statuses("retry.on", retry.on.statuses);
    }

    void inspect_statuses(const std::string& key, const std::vector<status_range>& ranges)
    {
        for (const status_range& r : ranges) {
            if (r.first < 100 || r.last > 599 || r.first > r.last)
                add(key, "an HTTP status is from 100 to 599");
        }
    }

    void inspect_poll(const poll_policy& poll)
    {
        if (!poll.url.empty())
            if (const std::string why = detail::url_problem(poll.url); !why.empty())
                add("poll.url", why);
        require_positive("poll.every", poll.every);
        inspect_expectation("poll.expect", poll.expect);
    }

    void inspect_check(const std::string& key, const json_check& check)
    {
        const bool has_bounds = check.min != json_primitive() || check.max != json_primitive();
        if (check.any_of.empty() && !has_bounds)
            add(key, "at least one value, or min or max, must be given");
        if (!check.any_of.empty() && has_bounds) add(key, "has either values or bounds, not both");
        inspect_bounds(key, check);
    }

    void inspect_bounds(const std::string& key, const json_check& check)
    {
        const boost::json::value min = detail::to_value(check.min);
        const boost::json::value max = detail::to_value(check.max);
        const auto is_bound = [&](const char* name, const boost::json::value& v) {
            const bool is_number = detail::compare_numbers(v, v) == 0;
            if (!is_number && !v.is_null()) add(key + "." + name, "must be a number");
            return is_number;
        };
        const bool has_min = is_bound("min", min);
        const bool has_max = is_bound("max", max);
        if (has_min && has_max && detail::compare_numbers(min, max) > 0)
            add(key + ".min",
                fmt::format(
                    "{} is larger than max ({})", detail::json_text(min), detail::json_text(max)));
    }

    void inspect_expectation(const std::string& at, const expectation& expect)
    {
        if (expect.status.empty()) add(at + ".status", "at least one status must be accepted");
        inspect_statuses(at + ".status", expect.status);
        for (const json_check& check : expect.json) {
            const std::string key = at + ".json." + check.pointer;
            if (const auto why = json_pointer_problem(check.pointer); !why.empty())
                add(key, std::string(why));
            inspect_check(key, check);
        }
        if (expect.max_body_bytes == 0) add(at + ".max_body", "must be larger than 0");
    }

    void inspect_schedule(const schedule& s)
    {
        if (s.on_boot && s.on_start)
            add("schedule.on_start", "either on_boot or on_start, not both");
        inspect_kind(s);
        const auto refuse_negative = [&](const char* key, microseconds span) {
            if (span < microseconds{0}) add(key, "cannot be negative");
            refuse_endless(key, span);
        };
        if (s.every) refuse_endless("schedule.every", *s.every);
        refuse_negative("schedule.on_boot", s.on_boot.value_or(microseconds{0}));
        refuse_negative("schedule.on_start", s.on_start.value_or(microseconds{0}));
        refuse_negative("schedule.accuracy", s.accuracy);
        refuse_negative("schedule.jitter", s.jitter);
        if (s.catch_up_window <= microseconds{0})
            add("schedule.catch_up_window",
                "must be longer than 0; catch_up = \"none\" sends nothing");
        if (s.catch_up_limit < 1 || s.catch_up_limit > max_catch_up_limit)
            add("schedule.catch_up_limit", fmt::format("must be from 1 to {}", max_catch_up_limit));
        inspect_nth(s);
        if (s.start && s.end && *s.end <= *s.start)
            add("schedule.end", "must be later than start");
        else if (problems_.empty())
            inspect_instants(s);
    }

    /** Checks that exactly one key gives instants. */
    void inspect_kind(const schedule& s)
    {
        const bool has_rate = s.every || follows_elapsed_time(s);
        const int kinds = int{has_rate} + int{s.expression.has_value()} + int{!s.at.empty()};
        if (kinds == 0) add("schedule", "needs every, cron, calendar, at, on_boot or on_start");
        if (kinds > 1)
            add("schedule",
                "has more than one of every (with on_boot or on_start), cron, calendar, at");
        if (s.expression && !s.expression->pattern) add("schedule", "an expression has no pattern");
    }

    void inspect_nth(const schedule& s)
    {
        if (!s.nth) return;
        if (!s.expression)
            add("schedule.nth", "goes with cron or calendar; it counts the times that these name");
        if (s.nth->n < 2) add("schedule.nth", "must be 2 or more");
    }

    static const char* kind_of(const schedule& s)
    {
        if (!s.at.empty()) return "schedule.at";
        if (!s.expression) return "schedule.every";
        return s.expression->written_as == expression::grammar::cron ? "schedule.cron"
                                                                     : "schedule.calendar";
    }

    void inspect_instants(const schedule& s)
    {
        const std::string least = format_span(min_interval);
        if (s.every && *s.every < min_interval)
            return add("schedule.every", fmt::format("must be at least {}", least));
        if (is_too_dense(s))
            return add(kind_of(s), fmt::format("its instants must lie at least {} apart", least));
        if (follows_elapsed_time(s)) return;
        if (occurrences(s, make_grid(s, {})).next_after(instant::min())) return;
        schedule whole = s;
        whole.exclude.clear();
        if (occurrences(whole, make_grid(s, {})).next_after(instant::min()))
            add("schedule.exclude", "excludes every time of the schedule");
        else
            add(kind_of(s), "never fires: there is no such time from 1970 to 2199");
    }

    const job& job_;
    std::vector<problem> problems_;
};

} // namespace

std::vector<problem> find_problems(const job& j)
{
    inspector in(j);
    in.inspect();
    return std::move(in).take();
}

} // namespace carillon
