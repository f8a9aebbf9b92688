#include <carillon/detail/json_parse.hpp>
#include <carillon/store/sqlite_rows.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace json = boost::json;

namespace carillon::sqlite {
namespace {

/// Anchor, rate, first, last, count.
constexpr std::size_t numbers_of_span = 5;

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
    if (owed.empty()) return {};
    json::array all;
    for (const owed_span& o : owed)
        all.push_back(
            {number_of(o.ticks.anchor), o.ticks.every.count(), number_of(o.from), number_of(o.to),
             o.count});
    return json::serialize(all);
}

std::vector<owed_span> owed_from_text(std::string_view text)
{
    std::vector<owed_span> out;
    const auto read = detail::parse_json(text, 3);
    if (!read || !read->is_array()) return out;
    for (const json::value& v : read->get_array()) {
        const auto* n = v.if_array();
        if (n == nullptr || n->size() != numbers_of_span ||
            !std::all_of(n->begin(), n->end(), [](const json::value& x) { return x.is_int64(); }))
            continue;
        const auto at = [&](std::size_t i) { return (*n)[i].get_int64(); };
        out.push_back(
            {.ticks = {.anchor = instant_of(at(0)), .every = microseconds{at(1)}},
             .from = instant_of(at(2)),
             .to = instant_of(at(3)),
             .count = at(4)});
    }
    return out;
}

} // namespace carillon::sqlite
