#include "text/styled_text.hpp"

#include <carillon/detail/text.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::app {
namespace {

constexpr std::string_view ellipsis = "…";

constexpr std::size_t widest_character = 2;

struct range {
    char32_t first;
    char32_t last;
};

/// Marks that combine and characters without a width: the usual blocks.
constexpr std::array<range, 9> without_width{
    {{0x300, 0x36F},
     {0x483, 0x489},
     {0x591, 0x5BD},
     {0x1AB0, 0x1AFF},
     {0x1DC0, 0x1DFF},
     {0x200B, 0x200F},
     {0x20D0, 0x20FF},
     {0xFE00, 0xFE0F},
     {0xE0100, 0xE01EF}}};

/// EastAsianWidth W and F: letters and signs of East Asia, and what is shown as emoji by itself.
constexpr std::array<range, 32> wide{
    {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
     {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},
     {0x26C4, 0x26C5},   {0x26D4, 0x26D4},   {0x2705, 0x2705},   {0x270A, 0x270B},
     {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},
     {0x2757, 0x2757},   {0x2795, 0x2797},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},
     {0x3041, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
     {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F18E, 0x1F19A},
     {0x1F200, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool holds(const std::array<range, N>& all, char32_t c)
{
    const auto at =
        std::find_if(all.begin(), all.end(), [c](const range& r) { return c <= r.last; });
    return at != all.end() && c >= at->first;
}

std::size_t width_of(char32_t c)
{
    if (c < 0x300) return 1;
    return holds(without_width, c) ? 0 : holds(wide, c) ? 2 : 1;
}

/** As much of a text as fits into `room` columns; `room` is then what is left of them. */
std::string_view beginning(std::string_view text, std::size_t& room)
{
    std::size_t end = 0;
    while (end < text.size()) {
        const detail::character c = detail::character_at(text, end);
        const std::size_t width = width_of(c.value.value_or(U'?'));
        if (width > room) break;
        room -= width;
        end += c.size;
    }
    return text.substr(0, end);
}

/** Its SGR sequence (ECMA-48 8.3.117). */
std::string_view start_of(paint colour)
{
    switch (colour) {
    case paint::plain:
        return "";
    case paint::good:
        return "\x1b[32m";
    case paint::bad:
        return "\x1b[31m";
    case paint::doubtful:
        return "\x1b[33m";
    case paint::busy:
        return "\x1b[36m";
    case paint::faint:
        return "\x1b[2m";
    }
    return "";
}

} // namespace

std::size_t display_width(std::string_view text)
{
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        const detail::character c = detail::character_at(text, i);
        width += width_of(c.value.value_or(U'?'));
        i += c.size;
    }
    return width;
}

styled_text& styled_text::add(std::string_view text, paint colour)
{
    pieces_.push_back({detail::visible(text), colour});
    return *this;
}

styled_text& styled_text::append(const styled_text& text)
{
    pieces_.insert(pieces_.end(), text.pieces_.begin(), text.pieces_.end());
    return *this;
}

std::size_t styled_text::width() const
{
    std::size_t width = 0;
    for (const piece& p : pieces_) width += display_width(p.text);
    return width;
}

std::string styled_text::shown(bool has_colour) const
{
    std::string out;
    for (const piece& p : pieces_) {
        const std::string_view start = has_colour ? start_of(p.colour) : "";
        out.append(start).append(p.text).append(start.empty() ? "" : "\x1b[0m");
    }
    return out;
}

styled_text styled_text::cut(std::size_t columns) const
{
    if (width() <= columns) return *this;
    styled_text out;
    std::size_t room = columns - std::min(columns, display_width(ellipsis));
    for (const piece& p : pieces_) {
        const std::string_view part = beginning(p.text, room);
        out.pieces_.push_back({std::string(part), p.colour});
        if (part.size() == p.text.size()) continue;
        out.pieces_.back().text += ellipsis;
        break;
    }
    return out;
}

styled_text styled_text::part(std::size_t begin, std::size_t end) const
{
    styled_text out;
    std::size_t at = 0;
    for (const piece& p : pieces_) {
        const std::size_t from = std::clamp(begin, at, at + p.text.size());
        const std::size_t to = std::clamp(end, at, at + p.text.size());
        if (from < to) out.pieces_.push_back({p.text.substr(from - at, to - from), p.colour});
        at += p.text.size();
    }
    return out;
}

std::vector<styled_text> styled_text::folded(std::size_t columns) const
{
    const std::string all = shown(false);
    std::vector<styled_text> out;
    std::size_t begin = 0;
    while (begin < all.size()) {
        const std::string_view rest = std::string_view(all).substr(begin);
        std::size_t room = std::max(columns, widest_character);
        std::size_t size = beginning(rest, room).size();
        std::size_t next = size;
        if (size < rest.size()) {
            // At the last blank that fits, also the one behind the line; else within a word.
            const std::size_t blank = rest.rfind(' ', size);
            if (blank != std::string_view::npos && blank > 0) {
                size = blank;
                next = blank + 1;
            }
        }
        out.push_back(part(begin, begin + size));
        begin += next;
    }
    return out;
}

} // namespace carillon::app
