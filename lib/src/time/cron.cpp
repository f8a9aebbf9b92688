#include "base/text_cursor.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/time/cron.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/stable_hash.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace carillon {
namespace {

using detail::text_cursor;

constexpr std::array<std::string_view, 12> short_month_names{
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> short_weekday_names{"SUN", "MON", "TUE", "WED",
                                                              "THU", "FRI", "SAT"};

/** What a field is, and which values it has. */
struct field_kind {
    std::string_view name;
    unsigned first;
    unsigned last;
    /// How many values there are: the longest step, and how far a range that wraps around goes.
    unsigned size;
    /// The last value that `H` draws: not a day that some months lack.
    unsigned last_hashed;
    std::span<const std::string_view> names{};
    /// What may stand in it, for errors.
    std::string_view allowed;
};

constexpr field_kind second_field{"second", 0, 59, 60, 59, {}, "0-59"};
constexpr field_kind minute_field{"minute", 0, 59, 60, 59, {}, "0-59"};
constexpr field_kind hour_field{"hour", 0, 23, 24, 23, {}, "0-23"};
constexpr field_kind day_field{"day", 1, 31, 31, 28, {}, "1-31, L, L-3, 15W, LW or ?"};
constexpr field_kind month_field{"month", 1, 12, 12, 12, short_month_names, "1-12 or JAN-DEC"};
constexpr field_kind weekday_field{
    "weekday", 0, 7, 7, 6, short_weekday_names, "0-7 or SUN-SAT, FRI#2, FRIL or ?"};
constexpr field_kind year_field{"year", first_year, last_year,  last_year - first_year + 1,
                                0,      {},         "1970-2199"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> macros{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

/** Where a field stands in the expression. */
struct field_place {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/** Reads one field. After the first mistake, which @ref error tells, nothing that it says counts.
 */
class field_reader {
public:
    field_reader(
        std::string_view text, field_place place, const field_kind& kind, std::string_view job_name)
        : in_(text.substr(0, place.end), place.begin), kind_(kind), job_name_(job_name)
    {}

    const std::optional<parse_error>& error() const { return error_; }
    bool has_failed() const { return error_.has_value(); }
    text_cursor& in() { return in_; }

    /** Reads the list: `special()` takes an item that only this field has and says whether there
     * was one, `add` is told each value of the others. */
    template <class Special, class Add>
    void read(Special special, Add add)
    {
        do {
            if (!special()) read_item(add);
        } while (!has_failed() && in_.take(','));
        if (!in_.at_end()) fail_here();
    }

    template <class Add>
    void read(Add add)
    {
        read([] { return false; }, add);
    }

    /** A number or a name. */
    unsigned value()
    {
        const std::size_t begin = in_.offset();
        for (std::size_t i = 0; i < kind_.names.size(); ++i)
            if (in_.take_word(kind_.names[i])) return kind_.first + static_cast<unsigned>(i);
        return number(begin, kind_.first, kind_.last);
    }

    unsigned number(std::size_t begin, unsigned least, unsigned most)
    {
        const auto number = in_.take_number(4);
        if (!number && detail::is_digit(in_.peek())) fail(begin, "a number has at most 4 digits");
        if (!number) fail_here();
        if (number && (*number < least || *number > most)) {
            if (least == kind_.first && most == kind_.last)
                fail(begin, "{} is no {}, which is {}", *number, kind_.name, kind_.allowed);
            else
                fail(begin, "{} is not from {} to {}", *number, least, most);
        }
        return number && !has_failed() ? static_cast<unsigned>(*number) : least;
    }

    struct range {
        unsigned first = 0;
        unsigned last = 0;
        bool is_single = true;
    };

    /** `a` or `a-b`. */
    range value_or_range()
    {
        const std::size_t begin = in_.offset();
        range r;
        r.first = r.last = value();
        if (has_failed() || !in_.take('-')) return r;
        r.is_single = false;
        r.last = value();
        if (r.first > r.last && &kind_ == &year_field)
            fail(begin, "years do not wrap around: the first must not be the later");
        return r;
    }

    /** Tells `add` each value from `first` to `last`, beyond the field's end where `first` is the
     * larger. */
    template <class Add>
    void each(unsigned first, unsigned last, unsigned step, Add add) const
    {
        const bool is_weekday = &kind_ == &weekday_field;
        if (is_weekday && first == 7 && last < 7) first = 0;
        const unsigned until = first <= last ? last : last + kind_.size;
        for (unsigned v = first; v <= until; v += step) {
            if (is_weekday)
                add(v % 7);
            else
                add(v <= kind_.last ? v : v - kind_.size);
        }
    }

    template <class... Args>
    void fail(std::size_t at, fmt::format_string<Args...> text, Args&&... args)
    {
        if (!error_) error_.emplace(at, fmt::format(text, std::forward<Args>(args)...));
    }

    /** Nothing that could stand here does. */
    void fail_here()
    {
        const std::size_t at = in_.offset();
        if (in_.at_end() || in_.peek() == ',')
            return fail(
                at, "{} {} is missing: {}", detail::article(kind_.name), kind_.name, kind_.allowed);
        if (in_.peek() == '~')
            return fail(at, "'~' is not known here; H(a-b) is a value that the job's name fixes");
        const auto size = detail::character_at(in_.rest(), 0).size;
        fail(
            at, "'{}' cannot stand here; {} {} is {}", detail::visible(in_.rest().substr(0, size)),
            detail::article(kind_.name), kind_.name, kind_.allowed);
    }

private:
    template <class Add>
    void read_item(Add add)
    {
        if (&kind_ != &year_field && (in_.take('H') || in_.take('h'))) return read_hashed(add);
        const bool has_question = &kind_ == &day_field || &kind_ == &weekday_field;
        range r{.first = kind_.first, .last = kind_.last, .is_single = false};
        if (!in_.take('*') && !(has_question && in_.take('?'))) r = value_or_range();
        unsigned step = 1;
        if (!has_failed() && in_.take('/')) {
            step = read_step(kind_.size);
            if (r.is_single) r.last = kind_.last;
        }
        if (!has_failed()) each(r.first, r.last, step, add);
    }

    unsigned read_step(unsigned longest)
    {
        const std::size_t begin = in_.offset();
        const auto step = in_.take_number(4);
        if (!step || *step < 1 || *step > longest)
            fail(begin, "a step of {}s here is from 1 to {}", kind_.name, longest);
        return has_failed() ? 1 : static_cast<unsigned>(*step);
    }

    /** What may follow `H`: `(a-b)`, `/n`. */
    template <class Add>
    void read_hashed(Add add)
    {
        range r{.first = kind_.first, .last = kind_.last_hashed};
        if (in_.take('(')) {
            const std::size_t begin = in_.offset();
            r = value_or_range();
            if (!has_failed() && r.is_single)
                fail(in_.offset(), "'-' and a last value are missing");
            if (r.first > r.last) fail(begin, "within H( ) the first value must not be the larger");
            if (!has_failed() && !in_.take(')')) fail(in_.offset(), "')' is missing");
        }
        if (has_failed()) return;
        const std::uint64_t hash = stable_hash({job_name_, kind_.name});
        const unsigned size = r.last - r.first + 1;
        const bool has_step = in_.take('/');
        const unsigned step = has_step ? read_step(size) : size;
        if (!has_failed()) each(r.first + static_cast<unsigned>(hash % step), r.last, step, add);
    }

    text_cursor in_;
    const field_kind& kind_;
    std::string_view job_name_;
    std::optional<parse_error> error_;
};

/** Sets a bit for each value that is added. */
template <class Set>
auto into(Set& set)
{
    return [&set](unsigned value) { set = static_cast<Set>(set | Set{1} << value); };
}

/** `L`, `L-n`, `LW` or `nW`. */
bool read_special_day(field_reader& field, day_pattern& out)
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
bool read_special_weekday(field_reader& field, day_pattern& out)
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
        if (count_ > 5) read_clock(second_field, next++, out_.clock.seconds);
        read_clock(minute_field, next++, out_.clock.minutes);
        read_clock(hour_field, next++, out_.clock.hours);
        read_day(next++);
        out_.days.months = 0;
        read_field(month_field, next++, [&](field_reader& f) { f.read(into(out_.days.months)); });
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
    void read_field(const field_kind& kind, std::size_t index, Read read)
    {
        if (error_) return;
        field_reader field(text_, fields_[index], kind, name_);
        read(field);
        error_ = field.error();
    }

    template <class Set>
    void read_clock(const field_kind& kind, std::size_t index, Set& out)
    {
        out = 0;
        read_field(kind, index, [&](field_reader& f) { f.read(into(out)); });
        const field_place& at = fields_[index];
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
        read_field(day_field, index, [&](field_reader& f) {
            f.read([&] { return read_special_day(f, out_.days); }, into(out_.days.days));
        });
        out_.days.either = is_restricted(index);
    }

    void read_weekday(std::size_t index)
    {
        read_field(weekday_field, index, [&](field_reader& f) {
            f.read([&] { return read_special_weekday(f, out_.days); }, into(out_.days.weekdays));
        });
        out_.days.either = out_.days.either && is_restricted(index);
    }

    void read_years(std::size_t index)
    {
        out_.days.years.reset();
        read_field(year_field, index, [&](field_reader& f) {
            f.read([&](unsigned year) { out_.days.years.set(year - first_year); });
        });
    }

    std::string_view text_;
    std::string_view name_;
    std::array<field_place, 7> fields_{};
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
