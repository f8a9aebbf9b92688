#pragma once

#include "terminal.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** How many columns of a terminal a UTF-8 text without controls takes: most characters of East Asia
 * and emoji two, marks that combine none (Unicode Standard Annex 11). */
std::size_t display_width(std::string_view text);

/** What a colour is to say. */
enum class paint { plain, good, bad, doubtful, busy, faint };

/** A text in several colours, all of it visible and on one line. */
class styled_text {
public:
    styled_text() = default;
    styled_text(std::string_view text, paint colour = paint::plain) { add(text, colour); }
    styled_text(const std::string& text) : styled_text(std::string_view(text)) {}
    styled_text(const char* text) : styled_text(std::string_view(text)) {}

    styled_text& add(std::string_view text, paint colour = paint::plain);

    std::size_t width() const;

    /** The text, with colours where they are wanted. */
    std::string shown(bool has_colour) const;

    /** The same, cut to a width, with a mark where something was cut. */
    styled_text cut(std::size_t columns) const;

private:
    struct piece {
        std::string text;
        paint colour;
    };

    std::vector<piece> pieces_;
};

/** Rows below a head, each column as wide as its widest text. */
class text_table {
public:
    struct column {
        std::string head{};
        bool is_number = false;
    };

    explicit text_table(std::vector<column> columns);

    /** A cell for each column. */
    void add(std::vector<styled_text> row);

    std::size_t rows() const noexcept { return rows_.size() - 1; }

    /** Where the screen has a width, the last column is cut to what is left of it. */
    std::string text(const screen& to) const;

private:
    std::vector<std::size_t> widths() const;

    std::vector<column> columns_;
    std::vector<std::vector<styled_text>> rows_; // the first is the head
};

} // namespace carillon::app
