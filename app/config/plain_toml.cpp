#include "config/plain_toml.hpp"

#include "config/plain_utf8.hpp"
#include <carillon/detail/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>
#include <vector>

namespace carillon::app {
namespace {

/// Lists and tables in lists and tables, and keys in a row.
constexpr std::size_t max_depth = 16;

/// No whole number of so many digits is too large, and no part of a fraction too long.
constexpr std::ptrdiff_t safe_digits = 18;

/// In texts and comments (TOML 1.0).
constexpr bool is_forbidden(char c)
{
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

constexpr std::array<bool, 256> bare_key_characters = [] {
    std::array<bool, 256> out{};
    for (int c = 'a'; c <= 'z'; ++c) out[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) out[static_cast<std::size_t>(c)] = true;
    for (int c = '0'; c <= '9'; ++c) out[static_cast<std::size_t>(c)] = true;
    out['-'] = out['_'] = true;
    return out;
}();

constexpr bool is_bare(char c) { return bare_key_characters[static_cast<unsigned char>(c)]; }

/** A key such as `jobs`, and where it stands. */
struct key_part {
    std::string_view name;
    file_place place;
};

/** Each step is false, or nothing, where it is in doubt. */
class parser {
public:
    explicit parser(toml_document& out)
        : out_(out), p_(out.text().data()), end_(p_ + out.text().size()), line_start_(p_),
          counted_(p_), is_ascii_(is_ascii(out.text())), section_(&out.root())
    {}

    bool parse()
    {
        if (!is_ascii_ && !is_plain_utf8(out_.text())) return false;
        while (p_ != end_)
            if (!parse_line()) return false;
        return out_.finish();
    }

private:
    bool parse_line()
    {
        skip_blanks();
        if (*p_ == '[') {
            if (!parse_head()) return false;
        } else if (*p_ != '#' && *p_ != '\n' && *p_ != '\r' && p_ != end_) {
            if (!parse_pair()) return false;
        }
        return end_line();
    }

    void skip_blanks()
    {
        while (*p_ == ' ' || *p_ == '\t') ++p_;
    }

    /** A comment may stand before the line's end. */
    bool end_line()
    {
        skip_blanks();
        if (*p_ == '#')
            while (!is_forbidden(*p_)) ++p_;
        if (p_ == end_) return true;
        if (*p_ == '\r') ++p_;
        if (*p_ != '\n') return false;
        begin_line();
        return true;
    }

    void begin_line()
    {
        ++p_;
        ++line_;
        line_start_ = counted_ = p_;
        longer_ = 0;
    }

    /** Where the next character stands. */
    file_place here()
    {
        if (!is_ascii_) {
            longer_ += std::count_if(counted_, p_, [](char c) {
                return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
            });
            counted_ = p_;
        }
        return {line_, static_cast<std::uint32_t>(p_ - line_start_ - longer_ + 1)};
    }

    bool parse_head()
    {
        const file_place at = here();
        ++p_;
        const bool is_of_list = *p_ == '[';
        if (is_of_list) ++p_;
        if (!parse_keys() || *p_++ != ']') return false;
        if (is_of_list && *p_++ != ']') return false;
        ++section_mark_;
        toml_table* outer = &out_.root();
        for (std::size_t i = 0; i + 1 < keys_.size(); ++i) {
            outer = open_table(*outer, keys_[i], at);
            if (outer == nullptr) return false;
        }
        return is_of_list ? add_to_list(*outer, at) : add_table(*outer, at);
    }

    /** A table around that of a head. */
    toml_table* open_table(toml_table& in, const key_part& key, file_place at)
    {
        toml_node* before = toml_document::newest(in, key.name);
        if (before == nullptr) {
            toml_table* made = out_.make_table(at, true);
            out_.append(in, key.name, key.place, {at, made});
            return made;
        }
        if (toml_list* list = toml_document::list_in(*before))
            return list->is_open() ? toml_document::table_in(toml_document::last(*list)) : nullptr;
        toml_table* table = toml_document::table_in(*before);
        return table != nullptr && table->is_open() ? table : nullptr;
    }

    bool add_table(toml_table& outer, file_place at)
    {
        if (toml_document::newest(outer, keys_.back().name) != nullptr) return false;
        section_ = out_.make_table(at, true);
        out_.append(outer, keys_.back().name, keys_.back().place, {at, section_});
        return true;
    }

    bool add_to_list(toml_table& outer, file_place at)
    {
        toml_node* before = toml_document::newest(outer, keys_.back().name);
        toml_list* list = before != nullptr ? toml_document::list_in(*before) : nullptr;
        if (before != nullptr && (list == nullptr || !list->is_open())) return false;
        if (list == nullptr) {
            list = out_.make_list(true);
            out_.append(outer, keys_.back().name, keys_.back().place, {at, list});
        }
        section_ = out_.make_table(at, true);
        out_.append(*list, {at, section_});
        return true;
    }

    /** `a.b = value` in a table under a head. */
    bool parse_pair()
    {
        if (!parse_keys() || *p_++ != '=') return false;
        skip_blanks();
        toml_table* in = section_;
        for (std::size_t i = 0; i + 1 < keys_.size(); ++i) {
            in = dotted_table(*in, keys_[i]);
            if (in == nullptr) return false;
        }
        const key_part key = keys_.back();
        const auto value = parse_value(0);
        if (value) out_.append(*in, key.name, key.place, *value);
        return value.has_value();
    }

    /** One that dotted keys of this section have made, or make now. */
    toml_table* dotted_table(toml_table& in, const key_part& key)
    {
        if (toml_node* before = toml_document::newest(in, key.name)) {
            toml_table* table = toml_document::table_in(*before);
            return table != nullptr && table->mark() == section_mark_ ? table : nullptr;
        }
        toml_table* made = out_.make_table(key.place, false, section_mark_);
        out_.append(in, key.name, key.place, {key.place, made});
        return made;
    }

    /** Up to what comes after them. */
    bool parse_keys()
    {
        keys_.clear();
        for (;; ++p_) {
            skip_blanks();
            const file_place at = here();
            const auto name = parse_key();
            if (!name || name->empty() || keys_.size() == max_depth) return false;
            keys_.push_back({*name, at});
            skip_blanks();
            if (*p_ != '.') return true;
        }
    }

    std::optional<std::string_view> parse_key()
    {
        if (*p_ == '"' || *p_ == '\'') return parse_quoted(*p_);
        const char* const begin = p_;
        while (is_bare(*p_)) ++p_;
        return std::string_view(begin, static_cast<std::size_t>(p_ - begin));
    }

    std::optional<toml_node> parse_value(std::size_t depth)
    {
        const file_place at = here();
        switch (*p_) {
        case '"':
        case '\'':
            if (p_[1] == *p_ && p_[2] == *p_) return parse_lines(at, *p_);
            if (const auto text = parse_quoted(*p_)) return toml_node(at, *text);
            return std::nullopt;
        case '[':
            return depth < max_depth ? parse_list(at, depth + 1) : std::nullopt;
        case '{':
            return depth < max_depth ? parse_table(at, depth + 1) : std::nullopt;
        case 't':
            return parse_word("true", toml_node(at, true));
        case 'f':
            return parse_word("false", toml_node(at, false));
        default:
            return parse_number(at);
        }
    }

    std::optional<toml_node> parse_word(std::string_view word, const toml_node& value)
    {
        if (!std::string_view(p_, static_cast<std::size_t>(end_ - p_)).starts_with(word))
            return std::nullopt;
        p_ += word.size();
        return is_bare(*p_) ? std::nullopt : std::optional(value);
    }

    /** A text in one line. */
    std::optional<std::string_view> parse_quoted(char quote)
    {
        const char* const begin = ++p_;
        const char escape = quote == '"' ? '\\' : quote;
        while (*p_ != quote && *p_ != escape && !is_forbidden(*p_)) ++p_;
        if (*p_ == '\\' && quote == '"') return parse_escaped(begin);
        if (*p_ != quote) return std::nullopt;
        const std::string_view text(begin, static_cast<std::size_t>(p_ - begin));
        ++p_;
        return text;
    }

    std::optional<std::string_view> parse_escaped(const char* begin)
    {
        static constexpr std::string_view letters = "\"\\nrtbf";
        static constexpr std::string_view meanings = "\"\\\n\r\t\b\f";
        scratch_.assign(begin, p_);
        while (*p_ != '"') {
            if (is_forbidden(*p_)) return std::nullopt;
            if (*p_ != '\\') {
                scratch_ += *p_++;
                continue;
            }
            const std::size_t which = letters.find(p_[1]);
            if (which == std::string_view::npos) return std::nullopt;
            scratch_ += meanings[which];
            p_ += 2;
        }
        ++p_;
        return out_.keep(scratch_);
    }

    /** A text of several lines: as it stands, or in doubt. */
    std::optional<toml_node> parse_lines(file_place at, char quote)
    {
        p_ += 3;
        if (*p_ == '\n') begin_line();
        const char* const begin = p_;
        for (;; ++p_) {
            while (*p_ == '\n') begin_line();
            if (is_forbidden(*p_) || (*p_ == '\\' && quote == '"')) return std::nullopt;
            if (*p_ == quote && p_[1] == quote && p_[2] == quote) break;
        }
        const std::string_view text(begin, static_cast<std::size_t>(p_ - begin));
        p_ += 3;
        return *p_ == quote ? std::nullopt : std::optional(toml_node(at, text));
    }

    std::optional<toml_node> parse_number(file_place at)
    {
        const char* const begin = p_;
        if (*p_ == '-') ++p_;
        const char* const digits = p_;
        while (detail::is_digit(*p_)) ++p_;
        const std::ptrdiff_t count = p_ - digits;
        if (count == 0 || count > safe_digits || (*digits == '0' && (count > 1 || begin != digits)))
            return std::nullopt;
        const bool is_real = *p_ == '.' && detail::is_digit(p_[1]);
        if (is_real) {
            const char* const part = ++p_;
            while (detail::is_digit(*p_)) ++p_;
            if (p_ - part > safe_digits) return std::nullopt;
        }
        if (is_bare(*p_) || *p_ == '.' || *p_ == '+' || *p_ == ':') return std::nullopt;
        return is_real ? converted<double>(at, begin) : converted<std::int64_t>(at, begin);
    }

    template <class T>
    std::optional<toml_node> converted(file_place at, const char* begin) const
    {
        T value{};
        const auto [end, ec] = std::from_chars(begin, p_, value);
        if (ec != std::errc{} || end != p_) return std::nullopt;
        return toml_node(at, value);
    }

    std::optional<toml_node> parse_list(file_place at, std::size_t depth)
    {
        toml_list* const list = out_.make_list();
        for (++p_;;) {
            if (!skip_lines()) return std::nullopt;
            if (*p_ == ']') break;
            const auto value = parse_value(depth);
            if (!value) return std::nullopt;
            out_.append(*list, *value);
            if (!skip_lines()) return std::nullopt;
            if (*p_ == ']') break;
            if (*p_++ != ',') return std::nullopt;
        }
        ++p_;
        return toml_node(at, list);
    }

    /** Past blanks, comments and ends of lines, as they may stand in a list. */
    bool skip_lines()
    {
        for (skip_blanks(); *p_ == '#' || *p_ == '\n' || *p_ == '\r'; skip_blanks())
            if (!end_line() || p_ == end_) return false;
        return true;
    }

    /** One in braces, all in a line. */
    std::optional<toml_node> parse_table(file_place at, std::size_t depth)
    {
        toml_table* const table = out_.make_table(at);
        ++p_;
        skip_blanks();
        for (bool is_first = true; *p_ != '}' || !is_first; is_first = false) {
            if (!parse_keys() || keys_.size() != 1 || *p_++ != '=') return std::nullopt;
            const key_part key = keys_.front();
            skip_blanks();
            const auto value = parse_value(depth);
            if (!value) return std::nullopt;
            out_.append(*table, key.name, key.place, *value);
            skip_blanks();
            if (*p_ == '}') break;
            if (*p_++ != ',') return std::nullopt;
        }
        ++p_;
        return toml_node(at, table);
    }

    toml_document& out_;
    const char* p_; // at the end of the text stands a null character
    const char* const end_;
    const char* line_start_;
    std::uint32_t line_ = 1;
    const char* counted_;       // up to here, the line has
    std::ptrdiff_t longer_ = 0; // so many bytes more than characters
    const bool is_ascii_;
    toml_table* section_;
    std::uint32_t section_mark_ = 1; // of the tables that its dotted keys make
    std::vector<key_part> keys_;     // those that were read last
    std::string scratch_;
};

} // namespace

bool parse_plain_toml(toml_document& out) { return parser(out).parse(); }

} // namespace carillon::app
