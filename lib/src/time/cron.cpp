#include "base/text_cursor.hpp"
#include "time/cron_field.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace carillon {
namespace {

using detail::cron_field_kind;
using detail::cron_field_place;
using detail::cron_field_reader;
using detail::text_cursor;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> macros{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

/** Sets the bit of each value. */
template <class Set>
auto into(Set& set)
{
    return [&set](unsigned value) { set = static_cast<Set>(set | Set{1} << value); };
}

/** `L`, `L-n`, `LW` or `nW`. */
bool read_special_day(cron_field_reader& field, day_pattern& out)
{
    text_cursor& in = field.in();
    if (in.take_word("LW")) {
        out.last_weekday = true;
        return true;
    }
    if (in.take_word("L")) {
        unsigned before = 0;
        if (in.take('-')) before = field.number(in.offset(), 1, 30);
        out.days_from_end |= std::uint32_t{1} << before;
        return true;
    }
    text_cursor ahead = in;
    if (!ahead.take_number(4) || !ahead.take_word("W")) return false;
    out.nearest_weekdays |= std::uint32_t{1} << field.number(in.offset(), 1, 31);
    in.take_word("W");
    return true;
}

/** `d#n`, `d#L` or `dL`, where `d` may be a range. */
bool read_special_weekday(cron_field_reader& field, day_pattern& out)
{
    text_cursor& in = field.in();
    if (in.take_word("L")) {
        field.fail(in.offset() - 1, "L needs a weekday before it, such as 5L or FRIL");
        return true;
    }
    if (in.peek() == '*' || in.peek() == '?' || detail::to_lower(in.peek()) == 'h') return false;
    const text_cursor before = in;
    const auto r = field.value_or_range();
    const bool has_number = !field.has_failed() && in.take('#');
    const bool is_last = !field.has_failed() && in.take_word("L");
    if (field.has_failed()) return true;
    if (!has_number && !is_last) {
        in = before;
        return false;
    }
    std::uint8_t& set =
        is_last ? out.last_weekdays : out.nth_weekdays[field.number(in.offset(), 1, 5) - 1];
    field.each(r.first, r.last, 1, into(set));
    return true;
}

/** Puts the fields of one expression together. */
class cron_reader {
public:
    cron_reader(std::string_view text, std::string_view job_name) : text_(text), name_(job_name) {}

    parse_result<local_pattern> read()
    {
        if (auto wrong = split()) return *wrong;
        std::size_t next = 0;
        out_.clock.seconds = 1;
        if (count_ > 5) read_clock(detail::second_field, next++, out_.clock.seconds);
        read_clock(detail::minute_field, next++, out_.clock.minutes);
        read_clock(detail::hour_field, next++, out_.clock.hours);
        read_day(next++);
        out_.days.months = 0;
        read_field(detail::month_field, next++, [&](cron_field_reader& f) {
            f.read(into(out_.days.months));
        });
        read_weekday(next++);
        if (count_ > 6) read_years(next);
        if (error_) return *error_;
        return std::move(out_);
    }

private:
    /** Finds the fields; what is wrong where there are too few or too many. */
    std::optional<parse_error> split()
    {
        text_cursor in(text_);
        for (in.skip_blanks(); !in.at_end(); in.skip_blanks()) {
            if (count_ == fields_.size())
                return parse_error{
                    in.offset(), "nothing can stand behind the seventh field, which is the year"};
            const std::size_t begin = in.offset();
            in.skip(std::min(in.rest().find_first_of(" \t"), in.rest().size()));
            fields_[count_++] = {begin, in.offset()};
        }
        if (count_ >= 5) return std::nullopt;
        return parse_error{
            text_.size(),
            fmt::format(
                "{} of at least 5 fields {} here: minute, hour, day, month and weekday; a second "
                "may stand before them, then also a year behind",
                count_, count_ == 1 ? "is" : "are")};
    }

    template <class Read>
    void read_field(const cron_field_kind& kind, std::size_t index, Read read)
    {
        if (error_) return;
        cron_field_reader field(text_, fields_[index], kind, name_);
        read(field);
        error_ = field.error();
    }

    template <class Set>
    void read_clock(const cron_field_kind& kind, std::size_t index, Set& out)
    {
        out = 0;
        read_field(kind, index, [&](cron_field_reader& f) { f.read(into(out)); });
        const cron_field_place& at = fields_[index];
        const std::string_view written = text_.substr(at.begin, at.end - at.begin);
        if (written.find_first_of("*/") != std::string_view::npos) out_.is_fixed_time = false;
    }

    /** Whether the field narrows the dates by itself: by its first character, as crontab(5). */
    bool is_restricted(std::size_t index) const
    {
        const char first = text_[fields_[index].begin];
        return first != '*' && first != '?';
    }

    void read_day(std::size_t index)
    {
        read_field(detail::day_field, index, [&](cron_field_reader& f) {
            f.read(into(out_.days.days), [&] { return read_special_day(f, out_.days); });
        });
        out_.days.either = is_restricted(index);
    }

    void read_weekday(std::size_t index)
    {
        read_field(detail::weekday_field, index, [&](cron_field_reader& f) {
            f.read(into(out_.days.weekdays), [&] { return read_special_weekday(f, out_.days); });
        });
        out_.days.either = out_.days.either && is_restricted(index);
    }

    void read_years(std::size_t index)
    {
        out_.days.years.reset();
        read_field(detail::year_field, index, [&](cron_field_reader& f) {
            f.read([&](unsigned year) { out_.days.years.set(year - first_year); });
        });
    }

    std::string_view text_;
    std::string_view name_;
    std::array<cron_field_place, 7> fields_{};
    std::size_t count_ = 0;
    local_pattern out_;
    std::optional<parse_error> error_;
};

/** Where `text` stands within `whole`, of which it is a part. */
std::size_t offset_in(std::string_view whole, std::string_view text)
{
    return static_cast<std::size_t>(text.data() - whole.data());
}

parse_result<cron_meaning> parse_every(std::string_view whole, std::string_view span)
{
    const auto every = parse_span(span);
    if (!every)
        return parse_error{offset_in(whole, span) + every.error().offset, every.error().what};
    if (*every <= microseconds{0})
        return parse_error{offset_in(whole, span), "must be longer than 0"};
    return *every;
}

/** `macro` is without the blanks around it. */
parse_result<cron_meaning>
parse_macro(std::string_view whole, std::string_view macro, std::string_view job_name)
{
    const std::size_t at = offset_in(whole, macro);
    for (const auto& [name, meaning] : macros)
        if (detail::equals_ignoring_case(macro, name)) return parse_cron(meaning, job_name);
    const std::string_view word = macro.substr(0, macro.find_first_of(" \t"));
    if (detail::equals_ignoring_case(word, "@every")) {
        const std::size_t begin = macro.find_first_not_of(" \t", word.size());
        if (begin == std::string_view::npos)
            return parse_error{whole.size(), "a span is missing, such as 15min"};
        return parse_every(whole, macro.substr(begin));
    }
    if (detail::equals_ignoring_case(word, "@reboot"))
        return parse_error{
            at, "@reboot is no set of instants; use on_boot = \"0s\" or on_start = \"0s\""};
    return parse_error{
        at, fmt::format(
                "'{}' is not known; there are @hourly, @daily, @midnight, @weekly, @monthly, "
                "@yearly, @annually and @every SPAN",
                detail::visible(detail::shorten(macro, 40)))};
}

} // namespace

parse_result<cron_meaning> parse_cron(std::string_view text, std::string_view job_name)
{
    if (text.size() > max_expression_bytes)
        return parse_error{
            max_expression_bytes,
            fmt::format("an expression has at most {} bytes", max_expression_bytes)};
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    const std::string_view trimmed = text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
    if (trimmed.starts_with('@')) return parse_macro(text, trimmed, job_name);
    if (detail::equals_ignoring_case(trimmed.substr(0, 8), "CRON_TZ=") ||
        detail::equals_ignoring_case(trimmed.substr(0, 3), "TZ="))
        return parse_error{begin, "a zone does not stand in the expression; use the key timezone"};
    auto pattern = cron_reader(text, job_name).read();
    if (!pattern) return pattern.error();
    return std::move(*pattern);
}

} // namespace carillon
