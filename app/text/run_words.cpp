#include "text/run_words.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

using namespace std::chrono_literals;

namespace carillon::app {
namespace {

constexpr std::size_t least_digits = 8;

template <class Unit>
microseconds rounded(microseconds span)
{
    return std::chrono::round<Unit>(span);
}

std::optional<unsigned> hex_value(char c)
{
    if (detail::is_digit(c)) return static_cast<unsigned>(c - '0');
    const char lower = detail::to_lower(c);
    if (lower < 'a' || lower > 'f') return std::nullopt;
    return static_cast<unsigned>(lower - 'a') + 10;
}

bool is_good(outcome o) { return o == outcome::completed || o == outcome::skipped; }

/** The first job that did not complete, else the first; null in a run without jobs. */
const job_record* telling_job(const run_record& run)
{
    const auto bad = std::find_if(run.jobs.begin(), run.jobs.end(), [](const job_record& j) {
        return j.outcome && !is_good(*j.outcome);
    });
    if (bad != run.jobs.end()) return &*bad;
    return run.jobs.empty() ? nullptr : &run.jobs.front();
}

} // namespace

paint paint_of(std::string_view outcome)
{
    if (outcome == "running") return paint::busy;
    if (outcome == "waiting") return paint::faint;
    if (outcome == "missed") return paint::doubtful;
    const auto known = outcome_from(outcome);
    if (!known) return paint::plain;
    switch (*known) {
    case outcome::completed:
        return paint::good;
    case outcome::cancelled:
    case outcome::skipped:
    case outcome::interrupted:
        return paint::doubtful;
    case outcome::failed:
    case outcome::timed_out:
    case outcome::unreachable:
    case outcome::rejected:
        return paint::bad;
    }
    return paint::plain;
}

std::string_view outcome_word(const run_record& run)
{
    return run.outcome ? to_string(*run.outcome) : "running";
}

std::string_view outcome_word(const job_record& job)
{
    if (job.outcome) return to_string(*job.outcome);
    const bool has_begun = !job.attempts.empty() || job.may_be_sent || job.polled;
    return has_begun ? "running" : "waiting";
}

std::string format_length(microseconds span)
{
    using deciseconds = std::chrono::duration<std::int64_t, std::deci>;
    // Rounded up, as in the log, so that nothing that took time shows 0.
    if (span < 1s) return format_span(std::chrono::ceil<std::chrono::milliseconds>(span));
    if (span < 1min) return format_seconds(rounded<deciseconds>(span));
    if (span < 1h) return format_span(rounded<std::chrono::seconds>(span));
    return format_span(rounded<std::chrono::minutes>(span));
}

std::string distance_in_words(instant t, instant now)
{
    const microseconds span = t > now ? t - now : now - t;
    const std::string words = span < 1min
                                  ? format_span(std::chrono::floor<std::chrono::seconds>(span))
                              : span < 24h ? format_length(span)
                                           : format_span(rounded<std::chrono::hours>(span));
    return t > now ? "in " + words : words + " ago";
}

std::optional<microseconds> length_of(const run_record& run, instant now)
{
    if (run.ended_at) return std::max(*run.ended_at - run.started_at, microseconds{0});
    if (run.outcome) return std::nullopt;
    return std::max(now - run.started_at, microseconds{0});
}

microseconds length_of(const job_record& job)
{
    if (job.attempts.empty()) return microseconds{0};
    const attempt_record& last = job.attempts.back();
    return std::max(last.started_at + last.latency - job.attempts.front().started_at, last.latency);
}

const job_record* find_job(const run_record& run, std::string_view job)
{
    const auto at = std::find_if(
        run.jobs.begin(), run.jobs.end(), [&](const job_record& j) { return j.job == job; });
    return at == run.jobs.end() ? nullptr : &*at;
}

std::string failure_text(const attempt_record& a)
{
    std::string out = a.error;
    if (!a.phase) return out;
    out += fmt::format("{}in phase {}", out.empty() ? "" : "; ", to_string(*a.phase));
    if (a.phase_time > microseconds{0}) out += " after " + format_length(a.phase_time);
    return out;
}

std::string describe_end(const job_record& j)
{
    if (j.attempts.empty() || (j.outcome && is_good(*j.outcome))) {
        if (!j.message.empty() || !j.reason) return j.message;
        return std::string(to_string(*j.reason));
    }
    // An error that begins with the message says more than it; any other stands beside the reply's
    // own word.
    const attempt_record& last = j.attempts.back();
    const std::string failure = failure_text(last);
    if (j.message.empty() || last.error.starts_with(j.message)) return failure;
    if (last.error.empty()) return j.message + (failure.empty() ? "" : "; " + failure);
    return fmt::format(
        "{}; {}{}", failure, last.http_status != 0 ? "the reply says: " : "", j.message);
}

std::string describe_end(const run_record& run)
{
    if (run.outcome && !run.ended_at)
        return run.reason ? "its process is gone"
                          : "its process is gone; the daemon sends it again when it starts";
    const job_record* const j = telling_job(run);
    std::string out = j != nullptr ? describe_end(*j) : "";
    if (j != nullptr && !out.empty() && j->job != run.chain) out = j->job + ": " + out;
    if (run.reason)
        out = fmt::format("{}{}{}", to_string(*run.reason), out.empty() ? "" : ": ", out);
    return out;
}

void mark_interrupted(run_record& run, bool recovers)
{
    run.outcome = outcome::interrupted;
    run.reason = recovers ? std::nullopt : std::optional(reason::crash);
}

std::optional<std::pair<run_id, run_id>> ids_beginning(std::string_view text)
{
    run_id first{};
    run_id last{};
    std::fill(std::begin(last.data), std::end(last.data), std::uint8_t{0xFF});
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') continue;
        const auto value = hex_value(c);
        if (!value || digits == 2 * sizeof first.data) return std::nullopt;
        const unsigned shift = digits % 2 == 0 ? 4 : 0;
        const std::size_t at = digits++ / 2;
        first.data[at] = static_cast<std::uint8_t>(first.data[at] | *value << shift);
        last.data[at] =
            static_cast<std::uint8_t>((last.data[at] & ~(0xFU << shift)) | *value << shift);
    }
    if (digits < least_digits) return std::nullopt;
    return std::pair(first, last);
}

} // namespace carillon::app
