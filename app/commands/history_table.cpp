#include "commands/history_table.hpp"

#include "text/run_words.hpp"
#include "text/sparkline.hpp"
#include "text/text_table.hpp"

#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace carillon::app {
namespace {

/// Marks of a sparkline: it stays on one line of a narrow terminal.
constexpr std::size_t most_sparks = 60;

styled_text outcome_cell(std::string_view word) { return {word, paint_of(word)}; }

std::vector<styled_text> row_of(const run_record& run, const history_look& look)
{
    std::size_t attempts = 0;
    for (const job_record& j : run.jobs) attempts += j.attempts.size();
    const auto length = length_of(run, look.now);
    return {
        format_local(run.started_at),
        boost::uuids::to_string(run.id).substr(0, look.id_length),
        run.chain,
        std::string(to_string(run.trigger)),
        outcome_cell(outcome_word(run)),
        length ? format_length(*length) : "-",
        std::to_string(attempts),
        describe_end(run)};
}

std::vector<styled_text> row_of(const missed_record& m, const history_look&)
{
    std::string what = fmt::format("{}: ", to_string(m.reason));
    what += m.count == 1 ? "1 instant"
                         : fmt::format("{} instants, until {}", m.count, format_local_short(m.to));
    return {format_local_short(m.from),      "-", m.chain, "-",
            outcome_cell(fate_of(m.reason)), "-", "-",     what};
}

/** Of the job in the run, or of the run where it is not among its jobs. */
spark spark_of(const run_record& run, std::string_view job)
{
    if (const job_record* j = find_job(run, job); j != nullptr && j->outcome)
        return {*j->outcome, length_of(*j)};
    return {*run.outcome, *length_of(run, *run.ended_at)};
}

std::string summary(const history_page& page, const history_look& look)
{
    const std::size_t most =
        look.to.columns == 0 ? most_sparks : std::min(most_sparks, look.to.columns / 2);
    std::vector<spark> newest;
    std::map<std::string_view, std::int64_t> counts;
    for (const history_entry& e : page.entries) {
        if (const auto* m = std::get_if<missed_record>(&e.what)) {
            counts[fate_of(m->reason)] += m->count;
            continue;
        }
        const auto& run = std::get<run_record>(e.what);
        if (!run.outcome || !run.ended_at) {
            ++counts[outcome_word(run)];
            continue;
        }
        const spark s = spark_of(run, look.job);
        ++counts[to_string(s.outcome)];
        if (newest.size() < most) newest.push_back(s);
    }
    std::reverse(newest.begin(), newest.end());
    styled_text line(look.job + "  ");
    const styled_text marks = sparkline(newest);
    std::string words;
    for (const auto& [outcome, count] : counts)
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, outcome);
    return fmt::format(
        "{}{}{}{}\n", line.shown(false), marks.shown(look.to.has_colour),
        newest.empty() ? "" : "  ", words);
}

} // namespace

std::string as_table(const history_page& page, const history_look& look)
{
    if (page.entries.empty()) return "no runs\n";
    text_table table(
        {{"time"},
         {.head = "run", .rank = 2},
         {.head = "chain", .rank = 1},
         {.head = "trigger", .rank = 5},
         {"outcome"},
         {.head = "took", .is_number = true, .rank = 4},
         {.head = "attempts", .is_number = true, .rank = 6},
         {.head = "result", .rank = 3, .label = ""}});
    for (const history_entry& e : page.entries)
        table.add(std::visit([&](const auto& what) { return row_of(what, look); }, e.what));
    std::string out = table.text(look.to);
    if (!look.job.empty() || page.next) out += '\n';
    if (page.next) out += fmt::format("older ones: --before {}\n", *page.next);
    if (!look.job.empty()) out += summary(page, look);
    return out;
}

} // namespace carillon::app
