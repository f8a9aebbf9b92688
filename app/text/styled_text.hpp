#pragma once

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
    styled_text& append(const styled_text& text);

    std::size_t width() const;

    /** The text, with colours where they are wanted. */
    std::string shown(bool has_colour) const;

    /** The same, cut to a width, with a mark where something was cut. */
    styled_text cut(std::size_t columns) const;

    /** The same in lines of a width, which end between words where they can; none of an empty text.
     */
    std::vector<styled_text> folded(std::size_t columns) const;

private:
    struct piece {
        std::string text;
        paint colour;
    };

    styled_text part(std::size_t begin, std::size_t end) const;

    std::vector<piece> pieces_;
};

} // namespace carillon::app
