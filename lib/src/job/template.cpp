#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/header_name.hpp>
#include <carillon/job/template.hpp>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace json = boost::json;

namespace carillon {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
constexpr std::string_view literal_opening = "{{{{";
constexpr std::string_view blanks = " \t";

enum class piece_kind { text, job, run, scheduled_at, attempt, reply };

/** A stretch of a template. */
struct piece {
    piece_kind kind = piece_kind::text;
    std::size_t offset = 0;
    /// Text as it is, or the word between the braces.
    std::string_view text{};
    reply_reference reply{};

    std::string placeholder() const { return fmt::format("{{{{{}}}}}", text); }
};

constexpr std::array<std::pair<std::string_view, piece_kind>, 4> words{
    {{"job", piece_kind::job},
     {"run", piece_kind::run},
     {"scheduled_at", piece_kind::scheduled_at},
     {"attempt", piece_kind::attempt}}};

constexpr std::string_view reply_prefix = "jobs.";

bool is_name(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), detail::is_name_character);
}

parse_error unknown(std::size_t offset, std::string_view word)
{
    // Text that was not meant as a placeholder may be long.
    const std::string shown = detail::shorten(word, 60);
    detail::nearest nearest(shown);
    for (const auto& [known, kind] : words) nearest.consider(known);
    const std::size_t dot = std::min(shown.find('.'), shown.size());
    if (dot < shown.size()) nearest.consider("jobs" + shown.substr(dot));
    return {
        offset, fmt::format(
                    "there is no placeholder '{}'{}; they are {{{{job}}}}, {{{{run}}}}, "
                    "{{{{scheduled_at}}}}, {{{{attempt}}}} and {{{{jobs.NAME/pointer}}}}",
                    shown, nearest.suggestion())};
}

parse_result<piece> parse_reply_word(std::size_t offset, std::string_view word)
{
    const std::string_view rest = word.substr(reply_prefix.size());
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (!is_name(name))
        return parse_error{
            offset, "'jobs.' is followed by a job's name, which holds only letters, digits, '.', "
                    "'_' and '-', and by a JSON pointer such as /id"};
    const std::string_view pointer = rest.substr(name.size());
    if (const auto why = json_pointer_problem(pointer); !why.empty())
        return parse_error{offset, std::string(why)};
    return piece{piece_kind::reply, offset, word, {std::string(name), std::string(pointer)}};
}

parse_result<piece> parse_word(std::size_t offset, std::string_view word)
{
    for (const auto& [known, kind] : words)
        if (word == known) return piece{kind, offset, word};
    if (word.starts_with(reply_prefix)) return parse_reply_word(offset, word);
    return unknown(offset, word);
}

/** Takes a template apart, piece by piece. */
class scanner {
public:
    explicit scanner(std::string_view text) : text_(text) {}

    bool at_end() const { return at_ == text_.size(); }

    /** The next piece; not at the end. */
    parse_result<piece> next()
    {
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with(literal_opening)) {
            const std::size_t offset = std::exchange(at_, at_ + literal_opening.size());
            return piece{piece_kind::text, offset, opening};
        }
        if (rest.starts_with(opening)) return next_placeholder();
        const std::size_t end = std::min(text_.find(opening, at_), text_.size());
        const std::size_t offset = std::exchange(at_, end);
        return piece{piece_kind::text, offset, text_.substr(offset, end - offset)};
    }

private:
    parse_result<piece> next_placeholder()
    {
        const std::size_t offset = at_;
        const std::size_t begin = offset + opening.size();
        const std::size_t end = text_.find(closing, begin);
        // If two openings follow one another, the first is the one that is not closed.
        if (end == std::string_view::npos || text_.find(opening, begin) < end)
            return parse_error{offset, "'{{' is not closed by '}}'; two braces are written '{{{{'"};
        at_ = end + closing.size();
        return parse_word(offset, detail::trimmed(text_.substr(begin, end - begin)));
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/** Follows a JSON text: whether its end is within a string. */
class string_tracker {
public:
    void follow(std::string_view text)
    {
        for (const char c : text) {
            if (std::exchange(after_backslash_, false)) continue;
            if (c == '"') in_string_ = !in_string_;
            after_backslash_ = in_string_ && c == '\\';
        }
    }

    bool in_string() const { return in_string_; }
    bool after_backslash() const { return after_backslash_; }

private:
    bool in_string_ = false;
    bool after_backslash_ = false;
};

/** A value as most protocols write it: a text without quotes. */
std::string plain(const json::value& v)
{
    return v.is_string() ? std::string(v.get_string()) : detail::json_text(v);
}

/** A text's characters as they stand within a JSON string. */
std::string string_contents(std::string_view text)
{
    std::string quoted = json::serialize(json::string_view(text));
    return quoted.substr(1, quoted.size() - 2);
}

std::string why_null(const reply_reference& r)
{
    return r.pointer.empty() ? fmt::format("the reply of {} is null", r.job)
                             : fmt::format("{} of the reply of {} is null", r.pointer, r.job);
}

std::string why_missing(const reply_reference& r)
{
    return r.pointer.empty() ? fmt::format("{} has no reply that is JSON", r.job)
                             : fmt::format("the reply of {} has no {}", r.job, r.pointer);
}

/** Fills one text in. */
class filler {
public:
    filler(placement where, const template_values& values) : where_(where), values_(values) {}

    /** Why the piece cannot be added, or nothing. */
    std::optional<parse_error> add(const piece& p)
    {
        if (p.kind == piece_kind::text) {
            append_text(p.text);
            return std::nullopt;
        }
        if (p.kind != piece_kind::reply) return add_value(p, own_value(p.kind));
        const json::value* found = values_.reply ? values_.reply(p.reply) : nullptr;
        if (found == nullptr) return no_value(p, why_missing(p.reply));
        if (found->is_null() && !stands_as_json()) return no_value(p, why_null(p.reply));
        return add_value(p, *found);
    }

    std::string take() && { return std::move(out_); }

private:
    static parse_error no_value(const piece& p, std::string_view why)
    {
        return {p.offset, fmt::format("no value for {}: {}", p.placeholder(), why)};
    }

    static parse_error refused(const piece& p, std::string_view why)
    {
        return {p.offset, fmt::format("the value for {} {}", p.placeholder(), why)};
    }

    json::value own_value(piece_kind kind) const
    {
        if (kind == piece_kind::attempt) return values_.attempt;
        return json::string(
            kind == piece_kind::job   ? values_.job
            : kind == piece_kind::run ? values_.run
                                      : values_.scheduled_at);
    }

    bool stands_as_json() const { return where_ == placement::json && !json_.in_string(); }

    void append_text(std::string_view text)
    {
        json_.follow(text);
        in_query_ = in_query_ || text.find('?') != std::string_view::npos;
        out_ += text;
    }

    std::optional<parse_error> add_value(const piece& p, const json::value& v)
    {
        const std::string text = plain(v);
        if (text.size() > max_filled_value_bytes)
            return refused(p, fmt::format("is larger than {} KiB", max_filled_value_bytes / 1024));
        switch (where_) {
        case placement::url:
            // Such a segment leads up the path, also when it is percent-encoded (RFC 3986 section
            // 5.2.4).
            if (!in_query_ && (text == "." || text == ".."))
                return refused(p, fmt::format("is '{}', which is no segment of a path", text));
            [[fallthrough]];
        case placement::form:
            out_ += detail::percent_encode(text);
            break;
        case placement::header:
            if (has_control(text))
                return refused(p, "has a control character, which a header cannot hold");
            out_ += text;
            break;
        case placement::json:
            // It would escape the value's first character.
            if (json_.after_backslash()) return refused(p, "cannot stand after a backslash");
            out_ += json_.in_string() ? string_contents(text) : detail::json_text(v);
            break;
        case placement::text:
            out_ += text;
            break;
        }
        return std::nullopt;
    }

    placement where_;
    const template_values& values_;
    std::string out_;
    string_tracker json_;
    bool in_query_ = false;
};

} // namespace

bool has_placeholders(std::string_view text) noexcept
{
    return text.find(opening) != std::string_view::npos;
}

std::optional<parse_error> template_problem(std::string_view text)
{
    scanner pieces(text);
    while (!pieces.at_end())
        if (const auto p = pieces.next(); !p) return p.error();
    return std::nullopt;
}

std::vector<reply_reference> reply_references(std::string_view text)
{
    std::vector<reply_reference> out;
    scanner pieces(text);
    while (!pieces.at_end()) {
        const auto p = pieces.next();
        if (!p) break;
        if (p->kind != piece_kind::reply) continue;
        if (std::find(out.begin(), out.end(), p->reply) == out.end()) out.push_back(p->reply);
    }
    return out;
}

parse_result<std::string>
fill_in(std::string_view text, placement where, const template_values& values)
{
    filler out(where, values);
    scanner pieces(text);
    while (!pieces.at_end()) {
        const auto p = pieces.next();
        if (!p) return p.error();
        if (auto wrong = out.add(*p)) return std::move(*wrong);
    }
    return std::move(out).take();
}

} // namespace carillon
