#include "simulate/simulate.hpp"

#include "base/words.hpp"
#include "text/describe.hpp"
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace carillon::app {
namespace {

constexpr word_list<outcome, 5> reply_words{
    {{"completed", outcome::completed},
     {"failed", outcome::failed},
     {"timed_out", outcome::timed_out},
     {"unreachable", outcome::unreachable},
     {"rejected", outcome::rejected}}};

/// A second in which so many runs start is reported.
constexpr int crowd = 10;

template <class T>
using read_result = boost::system::result<T, bad_text>;

/** Reads the parts of one option's text; a fault names its place in the whole. */
class option_text {
public:
    option_text(const char* option, const std::string& text) : option_(option), text_(text) {}

    bad_text fault(std::size_t offset, std::string what) const
    {
        return {option_, text_, {offset, std::move(what)}};
    }

    read_result<instant> moment(std::string_view part) const
    {
        const auto written = parse_timestamp(part);
        if (written) return first_instant_of(*written, {});
        return fault(offset_of(part) + written.error().offset, written.error().what);
    }

    read_result<microseconds> span(std::string_view part) const
    {
        const auto read = parse_span(part);
        if (!read) return fault(offset_of(part) + read.error().offset, read.error().what);
        if (*read > max_span) return fault(offset_of(part), "must be at most 100 years");
        return *read;
    }

    /** What stands before the last slash and behind it. */
    read_result<std::pair<std::string_view, std::string_view>> halves(const char* form) const
    {
        const std::string_view all = text_;
        const std::size_t slash = all.rfind('/');
        if (slash == std::string_view::npos)
            return fault(all.size(), fmt::format("must be {}", form));
        return std::pair(all.substr(0, slash), all.substr(slash + 1));
    }

    std::size_t offset_of(std::string_view part) const
    {
        return static_cast<std::size_t>(part.data() - text_.data());
    }

private:
    const char* option_;
    const std::string& text_;
};

read_result<incident> read_incident(const option_text& in, incident::kind kind)
{
    const auto halves = in.halves("a time, a slash and a span: 2026-01-31T09:00:00Z/10min");
    if (!halves) return halves.error();
    const auto at = in.moment(halves->first);
    if (!at) return at.error();
    std::string_view written = halves->second;
    const bool is_back = kind == incident::kind::step && written.starts_with('-');
    if (is_back || (kind == incident::kind::step && written.starts_with('+')))
        written.remove_prefix(1);
    const auto span = in.span(written);
    if (!span) return span.error();
    return incident{.what = kind, .at = *at, .span = is_back ? -*span : *span};
}

bool is_set_back(const std::vector<incident>& incidents)
{
    return std::any_of(incidents.begin(), incidents.end(), [](const incident& i) {
        return i.what == incident::kind::step && i.span < microseconds{0};
    });
}

read_result<std::pair<std::string, simulated_reply>>
read_reply(const option_text& in, const job_set& jobs)
{
    static constexpr const char* form = "JOB=OUTCOME/SPAN, such as backup=failed/5s";
    const auto halves = in.halves(form);
    if (!halves) return halves.error();
    const std::string_view left = halves->first;
    const std::size_t equals = left.find('=');
    if (equals == std::string_view::npos)
        return in.fault(left.size(), fmt::format("must be {}", form));
    const std::string_view job = left.substr(0, equals);
    if (!jobs.find(job)) return in.fault(0, no_such_job(jobs, job));
    const auto result = find_word(reply_words, left.substr(equals + 1));
    if (!result)
        return in.fault(
            equals + 1, "must be completed, failed, timed_out, unreachable or rejected");
    const auto span = in.span(halves->second);
    if (!span) return span.error();
    return std::pair(std::string(job), simulated_reply{*result, *span});
}

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string quoted_or_null(const std::optional<instant>& t)
{
    return t ? in_quotes(format_utc(*t)) : "null";
}

template <class T>
std::string quoted_or_null(const std::optional<T>& word)
{
    return word ? in_quotes(to_string(*word)) : "null";
}

const char* word_of(simulated_event::kind k)
{
    switch (k) {
    case simulated_event::kind::started:
        return "started";
    case simulated_event::kind::ended:
        return "ended";
    case simulated_event::kind::skipped:
        return "skipped";
    case simulated_event::kind::missed:
        return "missed";
    case simulated_event::kind::incident:
        break;
    }
    return "";
}

std::string details_of(const simulated_event& e)
{
    if (e.what == simulated_event::kind::missed) {
        std::string span = format_utc_short(e.first);
        if (e.count > 1) span += " to " + format_utc_short(e.last);
        return fmt::format("{} due {} ({})", e.count, span, to_string(*e.reason));
    }
    std::string out;
    if (e.is_caught_up) out = "catches up";
    if (e.outcome) out = to_string(*e.outcome);
    if (e.reason) {
        const std::string_view why = to_string(*e.reason);
        out += e.outcome ? fmt::format(" ({})", why) : std::string(why);
    }
    const bool is_on_time = e.scheduled_at == e.at;
    if (e.what != simulated_event::kind::ended && !is_on_time)
        out += fmt::format("{}due {}", out.empty() ? "" : ", ", format_utc_short(*e.scheduled_at));
    return out;
}

} // namespace

read_result<scenario> read_scenario(const simulate_options& o, const job_set& jobs, instant now)
{
    scenario out{.from = std::chrono::ceil<std::chrono::seconds>(now)};
    const auto take = [](auto read, auto& into) -> std::optional<bad_text> {
        if (!read) return read.error();
        into = std::move(*read);
        return std::nullopt;
    };
    if (!o.from.empty())
        if (auto bad = take(option_text("--from", o.from).moment(o.from), out.from)) return *bad;
    if (auto bad = take(option_text("--for", o.span).span(o.span), out.span)) return *bad;
    if (out.from < instant{} || out.from > end_of_time)
        return bad_text{"--from", o.from, {0, "must lie from 1970 to 2199"}};
    if (out.span > end_of_time - out.from)
        return bad_text{"--for", o.span, {0, "must end before the year 2200"}};
    out.boot = out.from;
    if (!o.boot.empty())
        if (auto bad = take(option_text("--boot", o.boot).moment(o.boot), out.boot)) return *bad;

    const auto add = [&](const char* option, const std::vector<std::string>& texts,
                         incident::kind kind) -> std::optional<bad_text> {
        for (const std::string& text : texts) {
            const auto read = read_incident(option_text(option, text), kind);
            if (!read) return read.error();
            if (read->at < out.from && !is_set_back(out.incidents))
                return bad_text{option, text, {0, "is before the beginning, --from"}};
            out.incidents.push_back(*read);
        }
        return std::nullopt;
    };
    // Read before the others: a clock that is set back may reach a time before the beginning.
    if (auto bad = add("--step", o.step, incident::kind::step)) return *bad;
    if (auto bad = add("--down", o.down, incident::kind::down)) return *bad;
    if (auto bad = add("--off", o.off, incident::kind::off)) return *bad;
    for (const std::string& text : o.replies) {
        const auto read = read_reply(option_text("--reply", text), jobs);
        if (!read) return read.error();
        out.replies[read->first] = read->second;
    }
    return out;
}

std::string as_json_line(const simulated_event& e)
{
    if (e.what == simulated_event::kind::incident) return {};
    // No part holds what JSON would escape: names of jobs are letters, digits, '.', '_', '-'.
    std::string line = fmt::format(
        R"({{"at":"{}","job":"{}","scheduled_at":{},"event":"{}","outcome":{},"reason":{})",
        format_utc(e.at), e.job, quoted_or_null(e.scheduled_at), word_of(e.what),
        quoted_or_null(e.outcome), quoted_or_null(e.reason));
    if (e.what == simulated_event::kind::missed)
        line += fmt::format(
            R"(,"first":"{}","last":"{}","count":{})", format_utc(e.first), format_utc(e.last),
            e.count);
    return line + "}\n";
}

std::string as_line(const simulated_event& e)
{
    const std::string at = format_utc_short(e.at);
    if (e.what == simulated_event::kind::incident) return fmt::format("{:<27} -- {}\n", at, e.job);
    const std::string details = details_of(e);
    return details.empty()
               ? fmt::format("{:<27} {:<8} {}\n", at, word_of(e.what), e.job)
               : fmt::format("{:<27} {:<8} {:<24} {}\n", at, word_of(e.what), e.job, details);
}

void simulation_summary::add(const simulated_event& e)
{
    using kind = simulated_event::kind;
    if (e.what == kind::incident) return;
    if (e.what == kind::ended) ++outcomes_[*e.outcome];
    if (e.what == kind::skipped) ++skipped_;
    if (!e.is_first) return;
    auto at = jobs_.find(e.job);
    if (at == jobs_.end()) at = jobs_.emplace(e.job, counts{}).first;
    if (e.what == kind::started) {
        ++at->second.runs;
        count_start(e.at);
    }
    if (e.what == kind::skipped && e.reason == reason::overlap) ++at->second.overlaps;
    if (e.what == kind::missed) at->second.missed[*e.reason] += e.count;
}

void simulation_summary::count_start(instant at)
{
    const instant begin = std::chrono::floor<std::chrono::seconds>(at);
    if (begin != current_.begin) current_ = {.begin = begin};
    if (++current_.starts == crowd) ++crowded_;
    if (current_.starts > busiest_.starts) busiest_ = current_;
}

std::string simulation_summary::text() const
{
    std::int64_t runs = 0;
    std::string lines;
    for (const auto& [name, c] : jobs_) {
        runs += c.runs;
        if (c.overlaps > 0)
            lines += fmt::format(
                "overlap: {} runs of {} were skipped, since the one before was still running\n",
                c.overlaps, name);
        for (const auto& [why, n] : c.missed)
            lines += fmt::format("missed: {} of {} ({})\n", n, name, to_string(why));
    }
    std::string out = fmt::format("\n{} run{}", runs, runs == 1 ? "" : "s");
    for (const auto& [o, n] : outcomes_)
        out += fmt::format(", {} job{} {}", n, n == 1 ? "" : "s", to_string(o));
    out += "\n";
    out += lines;
    if (busiest_.starts > 1)
        out += fmt::format(
            "busiest second: {}, {} runs start in it\n", format_utc_short(busiest_.begin),
            busiest_.starts);
    if (crowded_ > 0)
        out += fmt::format("crowded: in {} seconds {} runs or more start\n", crowded_, crowd);
    return out;
}

} // namespace carillon::app
