#pragma once

#include <carillon/detail/text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon::detail {

/** A position in a text that moves forward as the text is read. */
class text_cursor {
public:
    /** Begins at `offset` of the text, if a part of it is read. */
    explicit text_cursor(std::string_view text, std::size_t offset = 0) noexcept
        : text_(text), at_(offset)
    {}

    std::size_t offset() const noexcept { return at_; }
    bool at_end() const noexcept { return at_ >= text_.size(); }
    /** The character here; NUL at the end. */
    char peek(std::size_t ahead = 0) const noexcept
    {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    std::string_view rest() const noexcept { return text_.substr(at_); }
    void skip(std::size_t characters) noexcept { at_ += characters; }

    /** Moves behind this character if it is here. Returns whether it was. */
    bool take(char c) noexcept
    {
        const bool is_here = !at_end() && peek() == c;
        if (is_here) ++at_;
        return is_here;
    }

    /** The same for a word, in any case of its letters. */
    bool take_word(std::string_view word) noexcept
    {
        const bool is_here = equals_ignoring_case(rest().substr(0, word.size()), word);
        if (is_here) at_ += word.size();
        return is_here;
    }

    std::size_t skip_blanks() noexcept
    {
        const std::size_t begin = at_;
        while (peek() == ' ' || peek() == '\t') ++at_;
        return at_ - begin;
    }

    /** Reads one or more digits. Returns nothing and does not move if there are none, or more
     * than `max_digits`. */
    std::optional<std::uint64_t> take_number(std::size_t max_digits = 18) noexcept
    {
        std::uint64_t value = 0;
        std::size_t digits = 0;
        for (; is_digit(peek(digits)); ++digits) {
            if (digits == max_digits) return std::nullopt;
            value = value * 10 + static_cast<std::uint64_t>(peek(digits) - '0');
        }
        if (digits == 0) return std::nullopt;
        at_ += digits;
        return value;
    }

private:
    std::string_view text_;
    std::size_t at_;
};

} // namespace carillon::detail
