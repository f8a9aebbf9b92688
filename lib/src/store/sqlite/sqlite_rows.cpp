#include "store/sqlite/sqlite_rows.hpp"

#include "base/json_parse.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace json = boost::json;

namespace carillon::detail::sqlite {
namespace {

/// Anchor, rate, first, last, and how many, or how often.
constexpr std::size_t numbers_of_span = 5;

template <class Span>
std::string spans_to_text(const std::vector<Span>& spans, std::int64_t Span::* count)
{
    std::string out;
    for (const Span& s : spans)
        fmt::format_to(
            std::back_inserter(out), "{}[{},{},{},{},{}]", out.empty() ? '[' : ',',
            number_of(s.ticks.anchor), s.ticks.every.count(), number_of(s.from), number_of(s.to),
            s.*count);
    if (!out.empty()) out += ']';
    return out;
}

template <class Span>
std::vector<Span> spans_from_text(std::string_view text, std::int64_t Span::* count)
{
    std::vector<Span> out;
    const auto read = detail::parse_json(text, 3);
    if (!read || !read->is_array()) return out;
    for (const json::value& v : read->get_array()) {
        const auto* n = v.if_array();
        if (n == nullptr || n->size() != numbers_of_span ||
            !std::all_of(n->begin(), n->end(), [](const json::value& x) { return x.is_int64(); }))
            continue;
        const auto at = [&](std::size_t i) { return (*n)[i].get_int64(); };
        Span& s = out.emplace_back();
        s.ticks = {.anchor = instant_of(at(0)), .every = microseconds{at(1)}};
        s.from = instant_of(at(2));
        s.to = instant_of(at(3));
        s.*count = at(4);
    }
    return out;
}

} // namespace

boost::uuids::uuid uuid_at(const statement& s, int at)
{
    boost::uuids::uuid out{};
    const std::string_view bytes = s.bytes(at);
    if (bytes.size() == sizeof out.data) std::copy(bytes.begin(), bytes.end(), out.data);
    return out;
}

std::string owed_to_text(const std::vector<owed_span>& owed)
{
    return spans_to_text(owed, &owed_span::count);
}

std::vector<owed_span> owed_from_text(std::string_view text)
{
    return spans_from_text(text, &owed_span::count);
}

std::string used_to_text(const std::vector<used_span>& used)
{
    return spans_to_text(used, &used_span::times);
}

std::vector<used_span> used_from_text(std::string_view text)
{
    return spans_from_text(text, &used_span::times);
}

} // namespace carillon::detail::sqlite
