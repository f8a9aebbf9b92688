#include "runner/core/log_writer.hpp"
#include <carillon/job/endpoint.hpp>
#include <carillon/runner/event_log.hpp>
#include <carillon/time/span.hpp>

#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <type_traits>
#include <utility>

namespace carillon {
namespace {

log_entry about_run(std::string_view event, const run_record& run)
{
    log_entry entry{.event = event};
    entry.chain = run.chain;
    entry.run = boost::uuids::to_string(run.id);
    return entry;
}

log_entry about_job(std::string_view event, const run_record& run, const job& j)
{
    log_entry entry = about_run(event, run);
    entry.job = j.name;
    entry.title = title_of(j);
    return entry;
}

log_entry about_occurrence(std::string_view event, const job& first)
{
    log_entry entry{.event = event};
    entry.job = first.name;
    entry.title = title_of(first);
    entry.chain = first.name;
    return entry;
}

template <class Event>
log_level level_of(const Event& e)
{
    using std::is_same_v;
    if constexpr (is_same_v<Event, firing_began>) {
        return log_level::debug;
    } else if constexpr (is_same_v<Event, job_ended>) {
        const outcome o = e.record.outcome.value_or(outcome::interrupted);
        return o == outcome::completed || o == outcome::skipped ? log_level::info
                                                                : log_level::error;
    } else if constexpr (is_same_v<Event, run_ended>) {
        return e.run.outcome == outcome::completed ? log_level::info : log_level::error;
    } else if constexpr (is_same_v<Event, runs_missed>) {
        return e.error ? log_level::error : log_level::warning;
    } else if constexpr (
        is_same_v<Event, record_failed> || is_same_v<Event, overlap_persists> ||
        is_same_v<Event, store_failed>) {
        return log_level::error;
    } else if constexpr (
        is_same_v<Event, run_started> || is_same_v<Event, job_started> ||
        is_same_v<Event, polling_began>) {
        return log_level::info;
    } else {
        return log_level::warning;
    }
}

log_entry entry_for(const firing_began&)
{
    log_entry entry{.event = "firing_began"};
    entry.message = "the store has been read, and schedules fire";
    return entry;
}

/** Where an attempt ended, and what may help. */
void tell_phase(const attempt_record& a, log_entry& entry)
{
    if (!a.phase) return;
    entry.phase = to_string(*a.phase);
    entry.phase_time = a.phase_time;
    entry.advice = a.advice;
}

log_entry entry_for(const run_started& e)
{
    log_entry entry = about_job("run_started", e.run, e.first);
    entry.lateness = e.run.lateness;
    entry.message = fmt::format(
        "run {} by {} for {}", e.is_resumed ? "resumed" : "started", to_string(e.run.trigger),
        format_utc(e.run.scheduled_at));
    return entry;
}

log_entry entry_for(const job_started& e)
{
    log_entry entry = about_job("job_started", e.run, e.job);
    entry.message = fmt::format("sending {} {}", e.job.method, shown_url(e.job.url));
    return entry;
}

log_entry entry_for(const attempt_failed& e)
{
    log_entry entry = about_job("attempt_failed", e.run, e.job);
    entry.attempt = e.attempt.attempt;
    entry.outcome = to_string(e.attempt.outcome);
    entry.http_status = e.attempt.http_status;
    entry.latency = e.attempt.latency;
    tell_phase(e.attempt, entry);
    entry.message = fmt::format(
        "{}; attempt {} of {} in {}", e.attempt.error, e.attempt.attempt + 1, e.job.retry->attempts,
        format_span(std::chrono::ceil<std::chrono::milliseconds>(e.wait)));
    return entry;
}

std::string why_skipped(const job& j, reason r)
{
    if (r == reason::disabled) return "the job is disabled";
    std::string parents;
    for (const parent& p : std::get<after>(j.trigger)) {
        static constexpr const char* words[] = {"to succeed", "to finish", "to fail"};
        parents += fmt::format(
            "{}{} {}", parents.empty() ? "" : " and ", p.job, words[static_cast<int>(p.when)]);
    }
    return "it waits for " + parents;
}

log_entry entry_for(const job_ended& e)
{
    log_entry entry = about_job("job_ended", e.run, e.job);
    const outcome o = e.record.outcome.value_or(outcome::interrupted);
    entry.outcome = to_string(o);
    entry.status = e.record.status;
    entry.message = o == outcome::skipped && e.record.reason ? why_skipped(e.job, *e.record.reason)
                                                             : e.record.message;
    if (!e.record.attempts.empty()) {
        const attempt_record& last = e.record.attempts.back();
        entry.attempt = last.attempt;
        entry.http_status = last.http_status;
        entry.latency = last.latency;
        if (last.error != entry.message) entry.error = last.error;
        tell_phase(last, entry);
    }
    return entry;
}

log_entry entry_for(const run_ended& e)
{
    log_entry entry = about_job("run_ended", e.run, e.first);
    const outcome o = e.run.outcome.value_or(outcome::interrupted);
    entry.outcome = to_string(o);
    entry.message = fmt::format(
        "run {} after {}", to_string(o),
        format_span(std::chrono::ceil<std::chrono::milliseconds>(
            e.run.ended_at.value_or(e.run.started_at) - e.run.started_at)));
    return entry;
}

const char* why_skipped(reason r)
{
    switch (r) {
    case reason::overlap:
        return "the run before it has not ended";
    case reason::window:
        return "it came too late for its catch_up";
    case reason::coalesced:
        return "a newer one stands for it";
    case reason::removed:
        return "the job was removed";
    case reason::crash:
        return "carillon crashed before it began";
    default:
        return "carillon is stopping";
    }
}

log_entry entry_for(const run_skipped& e)
{
    log_entry entry = about_occurrence("run_skipped", e.first);
    entry.outcome = to_string(outcome::skipped);
    entry.message = fmt::format(
        "the run due at {} was skipped: {}", format_utc(e.scheduled_at), why_skipped(e.reason));
    if (e.in_a_row > 1) entry.message += fmt::format(" ({} skipped in a row)", e.in_a_row);
    return entry;
}

log_entry entry_for(const runs_missed& e)
{
    log_entry entry = about_occurrence("runs_missed", e.first);
    entry.message = fmt::format(
        "{} due from {} to {} passed without a run ({})",
        e.count == 1 ? "one run" : fmt::format("{} runs", e.count), format_utc(e.from),
        format_utc(e.to), to_string(e.reason));
    if (!e.error) return entry;
    entry.error = describe(e.error);
    return entry;
}

log_entry entry_for(const clock_changed& e)
{
    log_entry entry{.event = "clock_changed"};
    entry.message = fmt::format(
        "the wall clock was set {} by {}; schedules were planned anew",
        e.by < microseconds{0} ? "back" : "forward", format_span(std::chrono::abs(e.by)));
    return entry;
}

log_entry entry_for(const circuit_change& e)
{
    log_entry entry{.event = "circuit_closed"};
    entry.message = e.origin + " can be connected to again";
    if (!e.is_open) return entry;
    entry.event = "circuit_opened";
    entry.message = fmt::format(
        "{} could not be connected to {} times in a row, the last time: {}; other attempts wait "
        "until one gets through, made first in {}",
        e.origin, e.failures, e.last_error, format_span(e.wait));
    return entry;
}

log_entry entry_for(const polling_began& e)
{
    log_entry entry = about_job("polling_began", e.run, e.job);
    entry.message =
        fmt::format("accepted; asking {} each {} for the result", e.url, format_span(e.every));
    return entry;
}

log_entry entry_for(const progress_failed& e)
{
    log_entry entry = about_job("progress_failed", e.run, e.job);
    entry.message = "how far the job is could not be stored: " + describe(e.error);
    return entry;
}

log_entry entry_for(const record_failed& e)
{
    log_entry entry = about_run("record_failed", e.run);
    entry.message = "the run's end could not be stored: " + describe(e.error);
    return entry;
}

log_entry entry_for(const overlap_persists& e)
{
    log_entry entry = about_occurrence("overlap_persists", e.first);
    entry.message = fmt::format(
        "{} runs in a row were skipped: the run before them has not ended; is its deadline right?",
        e.in_a_row);
    return entry;
}

log_entry entry_for(const store_failed& e)
{
    log_entry entry{.event = "store_failed"};
    entry.message = "the store cannot be written, and is tried again: " + describe(e.error);
    return entry;
}

log_entry entry_for(const store_recovered& e)
{
    log_entry entry{.event = "store_recovered"};
    entry.message = fmt::format(
        "the store can be written again, after {}",
        format_span(std::chrono::ceil<std::chrono::milliseconds>(e.after)));
    return entry;
}

} // namespace

void event_log::operator()(const event& e)
{
    if (const auto jobs = runner_->jobs(); jobs != known_) {
        secrets_.add(jobs->secrets());
        known_ = jobs;
    }
    const auto level = std::visit([](const auto& what) { return level_of(what); }, e);
    detail::write_if_wanted(level, [&] { return to_entry(e, time_->now(), secrets_); });
}

log_entry to_entry(const event& e, instant now, const masker& secrets)
{
    log_entry entry = std::visit(
        [](const auto& what) {
            log_entry out = entry_for(what);
            out.level = level_of(what);
            return out;
        },
        e);
    entry.time = now;
    for (std::string* text : {&entry.title, &entry.message, &entry.error})
        if (secrets.finds(*text)) *text = secrets.hide(*text);
    return entry;
}

} // namespace carillon
