#include "commands/show.hpp"

#include "text/run_words.hpp"
#include "text/text_table.hpp"

#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace carillon::app {
namespace {

/// So many ids are listed where the beginning of one is ambiguous.
constexpr std::size_t listed_ids = 5;

/// The length of a UUID's text.
constexpr std::size_t whole_id = 36;

std::string lateness_text(const run_record& run)
{
    if (run.lateness == microseconds{0}) return "";
    return fmt::format(
        " ({} {})", format_length(std::chrono::abs(run.lateness)),
        run.lateness > microseconds{0} ? "late" : "early");
}

std::string end_text(const run_record& run, instant now)
{
    const auto length = length_of(run, now);
    if (run.ended_at)
        return fmt::format("{} (took {})", format_local_ms(*run.ended_at), format_length(*length));
    return length ? fmt::format("not yet, after {}", format_length(*length)) : "not recorded";
}

std::string head_of(const run_record& run, instant now, const screen& to)
{
    std::string out;
    const auto line = [&](const char* what, const styled_text& text) {
        if (text.width() != 0) out += labelled(fmt::format("{:<9}  ", what), text, to);
    };
    const std::string_view outcome = outcome_word(run);
    line("run", boost::uuids::to_string(run.id));
    line("chain", run.chain);
    line(
        "trigger",
        fmt::format("{}, for {}", to_string(run.trigger), format_local_ms(run.scheduled_at)));
    line("outcome", {outcome, paint_of(outcome)});
    if (run.reason) line("reason", std::string(to_string(*run.reason)));
    line("started", format_local_ms(run.started_at) + lateness_text(run));
    line("ended", end_text(run, now));
    line("fence", std::to_string(run.fence));
    if (run.outcome && !run.ended_at) line("note", describe_end(run));
    return out;
}

/** The last column has all that went wrong; nothing is cut. */
std::string attempts_of(const job_record& j, const screen& to)
{
    if (j.attempts.empty()) return {};
    text_table table(
        {{"attempt", true},
         {.head = "started", .rank = 4},
         {.head = "took", .is_number = true, .rank = 3},
         {"outcome"},
         {.head = "http", .rank = 2},
         {.head = "what went wrong", .rank = 1, .label = ""}},
        long_text::fold);
    for (const attempt_record& a : j.attempts) {
        const std::string_view outcome = to_string(a.outcome);
        table.add(
            {std::to_string(a.attempt),
             format_local_ms(a.started_at),
             format_length(a.latency),
             {outcome, paint_of(outcome)},
             a.http_status != 0 ? std::to_string(a.http_status) : "-",
             failure_text(a)});
    }
    return table.text(to);
}

std::string describe_job(const job_record& j, const screen& to)
{
    const std::string_view outcome = outcome_word(j);
    styled_text title(j.job);
    title.add(": ").add(outcome, paint_of(outcome));
    if (j.reason) title.add(fmt::format(" ({})", to_string(*j.reason)));
    std::string out = title.shown(to.has_colour) + "\n";
    const auto line = [&](const char* what, const std::string& text) {
        if (!text.empty()) out += labelled(fmt::format("{:<9}  ", what), text, to);
    };
    line("status", j.status);
    line("message", j.message);
    return out + attempts_of(j, to);
}

} // namespace

void throw_exception_from_error(const no_run& e, const boost::source_location&)
{
    throw std::invalid_argument(e.why);
}

boost::system::result<run_record, no_run> find_run(store_reader& store, std::string_view text)
{
    const auto range = ids_beginning(text);
    if (!range)
        return no_run{
            fmt::format("'{}' is no run: give its id, or at least the first 8 digits of it", text),
            true};
    const auto ids = store.find_ids(range->first, range->second, listed_ids + 1);
    if (ids.size() > 1) {
        std::string why = fmt::format("'{}' may be any of", text);
        for (std::size_t i = 0; i < ids.size() && i < listed_ids; ++i)
            why += (i == 0 ? " " : ", ") + boost::uuids::to_string(ids[i]);
        return no_run{why + (ids.size() > listed_ids ? " and others" : "")};
    }
    auto run = ids.empty() ? std::nullopt : store.find_run(ids.front());
    if (!run) return no_run{fmt::format("there is no run '{}'", text)};
    if (run->outcome) return std::move(*run);
    for (const auto& [open, is_running] : store.open_runs())
        if (open.run.id == run->id && !is_running) mark_interrupted(*run, open.recovers);
    return std::move(*run);
}

std::size_t short_id_length(store_reader& store, const std::vector<std::string>& ids)
{
    // Up to the ends of its groups (RFC 9562): first those of the time, then the random ones.
    for (const std::size_t length : {13U, 18U, 23U}) {
        const bool is_enough = std::all_of(ids.begin(), ids.end(), [&](const std::string& id) {
            const auto range = ids_beginning(std::string_view(id).substr(0, length));
            return store.find_ids(range->first, range->second, 2).size() < 2;
        });
        if (is_enough) return length;
    }
    return whole_id;
}

std::string describe_run(const run_record& run, instant now, const screen& to)
{
    std::string out = head_of(run, now, to);
    for (const job_record& j : run.jobs) out += "\n" + describe_job(j, to);
    return out;
}

} // namespace carillon::app
