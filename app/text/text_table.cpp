#include "text/text_table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace carillon::app {
namespace {

constexpr std::string_view gap = "  ";

/// The least width of the last column, however narrow the screen is.
constexpr std::size_t least_of_last = 16;

/// The least width of each other column that stays.
constexpr std::size_t least_of_others = 8;

constexpr std::string_view indent = "  ";

/** Whether a text is worth a place below its row. */
bool is_telling(const styled_text& cell) { return cell.width() != 0 && cell.shown(false) != "-"; }

} // namespace

/** Which columns stand in a row, and which below it. */
struct text_table::layout {
    std::vector<std::size_t> in_row{};
    std::vector<std::size_t> below{};
    /// Of each column, in the row.
    std::vector<std::size_t> widths{};
    /// Of the screen, 0 where it has none.
    std::size_t columns = 0;

    bool has_last() const { return !in_row.empty() && in_row.back() + 1 == widths.size(); }

    /** Of a row, where the last column of the table takes `last`. */
    std::size_t width(std::size_t last) const
    {
        std::size_t out = (in_row.size() - 1) * gap.size();
        for (const std::size_t i : in_row) out += i + 1 == widths.size() ? last : widths[i];
        return out;
    }

    std::size_t least_width() const { return width(std::min(widths.back(), least_of_last)); }
};

text_table::text_table(std::vector<column> columns, long_text what)
    : columns_(std::move(columns)), long_text_(what)
{
    std::vector<styled_text> head;
    head.reserve(columns_.size());
    for (const column& c : columns_) head.emplace_back(c.head, paint::faint);
    rows_.push_back(std::move(head));
}

void text_table::add(std::vector<styled_text> row)
{
    row.resize(columns_.size());
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> text_table::widths() const
{
    std::vector<std::size_t> out(columns_.size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) out[i] = std::max(out[i], row[i].width());
    return out;
}

text_table::layout text_table::fit(std::size_t columns) const
{
    layout out{.in_row = std::vector<std::size_t>(columns_.size()), .widths = widths()};
    std::iota(out.in_row.begin(), out.in_row.end(), std::size_t{0});
    if (columns == 0) return out;
    out.columns = columns;
    while (out.least_width() > columns && out.in_row.size() > 1) {
        const auto leaves = std::max_element(
            out.in_row.begin(), out.in_row.end(),
            [&](std::size_t a, std::size_t b) { return columns_[a].rank < columns_[b].rank; });
        if (columns_[*leaves].rank == 0) break;
        out.below.push_back(*leaves);
        out.in_row.erase(leaves);
    }
    std::sort(out.below.begin(), out.below.end());
    shrink(out);
    return out;
}

/** Makes columns narrower, the widest first, where even those that stay are too wide. The last one
 * gets what is left. */
void text_table::shrink(layout& l)
{
    while (l.least_width() > l.columns) {
        std::size_t* widest = nullptr;
        for (const std::size_t i : l.in_row)
            if (i + 1 != l.widths.size() && (widest == nullptr || l.widths[i] > *widest))
                widest = &l.widths[i];
        if (widest == nullptr || *widest <= least_of_others) break;
        --*widest;
    }
    if (!l.has_last()) return;
    const std::size_t before = l.width(0);
    const std::size_t room = l.columns - std::min(l.columns, before);
    l.widths.back() = std::min(l.widths.back(), std::max(room, least_of_last));
}

/** A text of a column, where it is too long in one line or several: only the last may be cut. */
std::vector<styled_text>
text_table::lines_of(const styled_text& text, std::size_t at, std::size_t width) const
{
    const bool is_cut = long_text_ == long_text::cut && at + 1 == columns_.size();
    if (is_cut || text.width() <= width) return {text.cut(width)};
    return text.folded(width);
}

/** Adds a row without what stands below it. */
void text_table::add_row(
    std::string& out, const std::vector<styled_text>& row, const layout& l, bool has_colour) const
{
    std::vector<styled_text> last;
    if (l.has_last()) last = lines_of(row.back(), row.size() - 1, l.widths.back());
    std::string pending; // blanks that only a later text makes visible
    for (const std::size_t i : l.in_row) {
        const styled_text cell = i + 1 == row.size() ? last.front() : row[i].cut(l.widths[i]);
        const std::string blanks(l.widths[i] - std::min(l.widths[i], cell.width()), ' ');
        if (columns_[i].is_number) pending += blanks;
        if (cell.width() != 0) {
            out.append(pending).append(cell.shown(has_colour));
            pending.clear();
        }
        if (!columns_[i].is_number) pending += blanks;
        pending += gap;
    }
    out += '\n';
    for (std::size_t i = 1; i < last.size(); ++i)
        out.append(l.width(0), ' ').append(last[i].shown(has_colour)).append("\n");
}

/** Adds what has no room in a row, each with its label, as many to a line as fit. */
void text_table::add_below(
    std::string& out, const std::vector<styled_text>& row, const layout& l, bool has_colour) const
{
    const std::size_t room = l.columns - std::min(l.columns, indent.size());
    std::size_t used = 0;
    const auto put = [&](const styled_text& line) {
        const bool fits = used != 0 && used + gap.size() + line.width() <= room;
        if (used != 0 && !fits) out += '\n';
        out.append(fits ? gap : indent).append(line.shown(has_colour));
        used = line.width() + (fits ? used + gap.size() : 0);
    };
    for (const std::size_t i : l.below) {
        if (!is_telling(row[i])) continue;
        const std::string label = columns_[i].label.value_or(columns_[i].head);
        styled_text item(label.empty() ? "" : label + " ", paint::faint);
        for (const styled_text& line : lines_of(item.append(row[i]), i, room)) put(line);
    }
    if (used != 0) out += '\n';
}

std::string text_table::text(const screen& to) const
{
    const layout l = fit(to.columns);
    std::string out;
    for (const auto& row : rows_) {
        add_row(out, row, l, to.has_colour);
        if (&row != &rows_.front()) add_below(out, row, l, to.has_colour);
    }
    return out;
}

std::string labelled(std::string_view label, const styled_text& text, const screen& to)
{
    const std::size_t before = display_width(label);
    const std::size_t room = std::max(to.columns - std::min(to.columns, before), least_of_last);
    std::string out(label);
    if (to.columns == 0 || text.width() <= room) return out + text.shown(to.has_colour) + "\n";
    bool is_first = true;
    for (const styled_text& line : text.folded(room)) {
        if (!std::exchange(is_first, false)) out.append(before, ' ');
        out.append(line.shown(to.has_colour)).append("\n");
    }
    return out;
}

} // namespace carillon::app
