#include "commands/batch.hpp"

#include "base/words.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/time/schedule.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

namespace carillon::app {
namespace {

constexpr int max_count = 1000;

/** The columns of one line. */
struct question {
    std::string_view kind{};
    std::string_view expression{};
    std::string_view zone{};
    std::string_view from{};
    std::string_view count{};
    std::string_view job_name{};
    std::string_view dst{};
};

/** One line, whatever the question holds. */
std::string error(std::string_view why) { return "error: " + detail::visible(why); }

std::string error(const parse_error& e) { return error(at_column(e)); }

/** What is wrong with the columns; empty where nothing is. */
std::string split(std::string_view line, question& out)
{
    std::array<std::string_view*, 5> columns{
        &out.kind, &out.expression, &out.zone, &out.from, &out.count};
    for (std::size_t i = 0;; ++i) {
        const std::size_t end = std::min(line.find('\t'), line.size());
        const std::string_view column = line.substr(0, end);
        if (i < columns.size())
            *columns[i] = column;
        else if (column.starts_with("name="))
            out.job_name = column.substr(5);
        else if (column.starts_with("dst="))
            out.dst = column.substr(4);
        else if (!column.empty())
            return fmt::format("column {} is neither name=JOB nor dst=POLICY", column);
        if (end == line.size()) return {};
        line.remove_prefix(end + 1);
    }
}

std::optional<int> parse_count(std::string_view text)
{
    int count = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool is_whole = ec == std::errc{} && end == text.data() + text.size();
    return is_whole && count >= 1 && count <= max_count ? std::optional(count) : std::nullopt;
}

std::string list_instants(const schedule& s, instant from, int count)
{
    const occurrences instants(s, make_grid(s, {}));
    std::string out;
    for (auto t = instants.next_after(from); t && count > 0; t = instants.next_after(*t), --count)
        out += (out.empty() ? "" : " ") + format_utc_short(*t);
    return out.empty() ? "never" : out;
}

std::string answer_span(std::string_view text)
{
    if (text == "infinity") return "infinity";
    const auto span = parse_span(text);
    return span ? std::to_string(span->count()) : error(span.error());
}

} // namespace

std::string batch::answer(std::string_view line)
{
    question q;
    if (const auto wrong = split(line, q); !wrong.empty()) return error(wrong);
    if (q.kind == "timespan") return answer_span(q.expression);
    if (q.kind != "cron" && q.kind != "calendar")
        return error("the kind must be cron, calendar or timespan");
    const auto from = parse_instant(q.from);
    if (!from) return error("from: " + from.error().what);
    const auto count = parse_count(q.count);
    if (!count) return error(fmt::format("the count must be from 1 to {}", max_count));
    const auto dst = q.dst.empty() ? dst_policy::run : find_word(dst_words, q.dst);
    if (!dst) return error("dst must be run, skip, both or shift");
    const auto& zone = zones_.find(q.zone.empty() ? "UTC" : q.zone);
    if (!zone) return error(zone.error().what);

    auto s = q.kind == "cron" ? schedule_from_cron(q.expression, *zone, q.job_name)
                              : schedule_from_calendar(q.expression, *zone);
    if (!s) return error(s.error());
    s->dst = *dst;
    return list_instants(*s, *from, *count);
}

bool answer_lines(std::FILE* in, std::FILE* out)
{
    batch answers;
    char* line = nullptr;
    std::size_t capacity = 0;
    bool is_written = true;
    for (ssize_t size = 0; is_written && (size = ::getline(&line, &capacity, in)) > 0;) {
        std::string_view text(line, static_cast<std::size_t>(size));
        if (text.ends_with('\n')) text.remove_suffix(1);
        const std::string reply = answers.answer(text) + "\n";
        is_written = std::fwrite(reply.data(), 1, reply.size(), out) == reply.size();
    }
    std::free(line); // getline(3) allocates with malloc
    return std::fflush(out) == 0 && is_written;
}

} // namespace carillon::app
