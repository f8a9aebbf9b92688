#include "text/sparkline.hpp"

#include "text/run_words.hpp"

#include <algorithm>
#include <array>

namespace carillon::app {
namespace {

constexpr std::array<std::string_view, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string_view block_for(microseconds length, microseconds longest)
{
    if (length <= microseconds{0} || longest <= microseconds{0}) return blocks.front();
    const double share = static_cast<double>(length.count()) / static_cast<double>(longest.count());
    const auto level = static_cast<std::size_t>(share * static_cast<double>(blocks.size()));
    return blocks[std::min(level, blocks.size() - 1)];
}

} // namespace

styled_text sparkline(const std::vector<spark>& oldest_first)
{
    microseconds longest{0};
    for (const spark& s : oldest_first)
        if (s.outcome == outcome::completed) longest = std::max(longest, s.length);
    styled_text out;
    for (const spark& s : oldest_first) {
        const paint colour = paint_of(to_string(s.outcome));
        if (s.outcome == outcome::completed)
            out.add(block_for(s.length, longest), colour);
        else
            out.add(s.outcome == outcome::skipped ? "·" : "✗", colour);
    }
    return out;
}

} // namespace carillon::app
