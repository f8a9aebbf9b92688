#pragma once

#include "base/terminal.hpp"
#include "text/styled_text.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** How the last column shows a text that is longer than the room that the screen leaves for it. */
enum class long_text {
    /// Its end is left out.
    cut,
    /// It continues in another line.
    fold,
};

/**
 * Rows below a head, each column as wide as its widest text.
 *
 * On a screen that is too narrow, columns leave the rows, the least important one first, and stand
 * below each row. Without a screen each row is one line, however long it is.
 */
class text_table {
public:
    struct column {
        std::string head{};
        bool is_number = false;
        /// The column of the highest rank leaves the rows first; one of rank 0 stays.
        int rank = 0;
        /// Stands before a text that has left its row. If not set, it is the head.
        std::optional<std::string> label{};
    };

    explicit text_table(std::vector<column> columns, long_text what = long_text::cut);

    /** A cell for each column. */
    void add(std::vector<styled_text> row);

    std::size_t rows() const noexcept { return rows_.size() - 1; }

    std::string text(const screen& to) const;

private:
    struct layout;

    std::vector<std::size_t> widths() const;
    layout fit(std::size_t columns) const;
    static void shrink(layout& l);
    std::vector<styled_text>
    lines_of(const styled_text& text, std::size_t at, std::size_t width) const;
    void
    add_row(std::string& out, const std::vector<styled_text>& row, const layout& l, bool has_colour)
        const;
    void add_below(
        std::string& out,
        const std::vector<styled_text>& row,
        const layout& l,
        bool has_colour) const;

    std::vector<column> columns_;
    long_text long_text_;
    std::vector<std::vector<styled_text>> rows_; // the first is the head
};

/** A text behind its label, with a line end. On a screen that is too narrow it continues below its
 * beginning. */
std::string labelled(std::string_view label, const styled_text& text, const screen& to);

} // namespace carillon::app
