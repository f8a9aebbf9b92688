#include "base/text_cursor.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/time/calendar.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using detail::text_cursor;

constexpr std::array<std::string_view, 7> weekday_names{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> shorthands{{
    {"minutely", "*-*-* *:*:00"},
    {"hourly", "*-*-* *:00:00"},
    {"daily", "*-*-* 00:00:00"},
    {"weekly", "Mon *-*-* 00:00:00"},
    {"monthly", "*-*-01 00:00:00"},
    {"quarterly", "*-01,04,07,10-01 00:00:00"},
    {"semiannually", "*-01,07-01 00:00:00"},
    {"semi-annually", "*-01,07-01 00:00:00"},
    {"biannually", "*-01,07-01 00:00:00"},
    {"bi-annually", "*-01,07-01 00:00:00"},
    {"yearly", "*-01-01 00:00:00"},
    {"annually", "*-01-01 00:00:00"},
}};

/** What a component is, in its own unit: seconds count in microseconds, all others in ones. */
struct component_kind {
    std::string_view name;
    std::int64_t first;
    std::int64_t last;
    std::int64_t unit = 1;
    std::string_view allowed;
};

constexpr std::int64_t per_second = 1'000'000;
constexpr component_kind year_part{"year", first_year, last_year, 1, "1970-2199"};
constexpr component_kind month_part{"month", 1, 12, 1, "1-12"};
constexpr component_kind day_part{"day", 1, 31, 1, "1-31"};
constexpr component_kind from_end_part{"day from the month's end", 1, 28, 1, "1-28"};
constexpr component_kind hour_part{"hour", 0, 23, 1, "0-23"};
constexpr component_kind minute_part{"minute", 0, 59, 1, "0-59"};
constexpr component_kind second_part{
    "second", 0, 60 * per_second - 1, per_second, "0-59, with a fraction of up to six digits"};

/** One item of a component's list: from `first` to `last` by `step`. */
struct progression {
    std::int64_t first;
    std::int64_t last;
    std::int64_t step;
};

/** A component as it is written: the same text may be read as another once more is known. */
struct component {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/** Whether it begins with a letter: as the last word of an expression it is then a zone, but for
 * weekdays and shorthands. */
bool begins_with_letter(std::string_view word)
{
    return !word.empty() && detail::to_lower(word.front()) >= 'a' &&
           detail::to_lower(word.front()) <= 'z';
}

/** Reads `[WEEKDAYS] [DATE] [TIME]`. After the first mistake nothing that it has read counts. */
class calendar_reader {
public:
    /** `text` is the part before the zone. */
    explicit calendar_reader(std::string_view text) : text_(text), in_(text) { in_.skip_blanks(); }

    parse_result<calendar_meaning> read()
    {
        set_defaults();
        if (in_.at_end()) fail(0, "an expression is missing, such as Mon..Fri 08:30");
        read_weekdays();
        if (!failed() && !in_.at_end()) read_date_or_time();
        if (error_) return *error_;
        return std::move(out_);
    }

private:
    bool failed() const { return error_.has_value(); }

    template <class... Args>
    void fail(std::size_t at, fmt::format_string<Args...> text, Args&&... args)
    {
        if (!error_) error_.emplace(at, fmt::format(text, std::forward<Args>(args)...));
    }

    /** Nothing that could stand here does. */
    void fail_here(std::string_view wanted)
    {
        if (in_.at_end()) return fail(in_.offset(), "{} is missing here", wanted);
        const auto size = detail::character_at(in_.rest(), 0).size;
        fail(
            in_.offset(), "'{}' cannot stand here, but {}",
            detail::visible(in_.rest().substr(0, size)), wanted);
    }

    void set_defaults()
    {
        auto& p = out_.pattern;
        p.days.days = 0xfffffffe;
        p.days.weekdays = 0x7f;
        p.clock = {.hours = 1, .minutes = 1, .seconds = 1};
    }

    // Weekdays

    std::optional<unsigned> take_weekday()
    {
        for (unsigned day = 0; day < weekday_names.size(); ++day) {
            const std::string_view name = weekday_names[day];
            if (in_.take_word(name) || in_.take_word(name.substr(0, 3)))
                return (day + 6) % 7; // Monday first
        }
        return std::nullopt;
    }

    /** A word at the begin that is no weekday: names of months and the like have no place. */
    void refuse_word()
    {
        const std::string_view rest = in_.rest();
        const std::size_t size = std::min(
            rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"),
            rest.size());
        const std::string_view word = rest.substr(0, size);
        if (!begins_with_letter(word)) return;
        detail::nearest nearest(word);
        for (const std::string_view name : weekday_names) nearest.consider(name);
        for (const auto& [name, meaning] : shorthands) nearest.consider(name);
        fail(
            in_.offset(), "'{}' is neither a weekday nor a shorthand such as daily{}", word,
            nearest.suggestion());
    }

    void read_weekdays()
    {
        unsigned set = 0; // bit 0 is Monday
        for (bool is_first = true; !failed(); is_first = false) {
            const std::size_t begin = in_.offset();
            const auto day = take_weekday();
            if (!day && is_first) return refuse_word();
            if (!day) break; // behind a trailing comma
            set |= 1U << *day;
            if (in_.take('-') || take_dots()) set |= weekdays_after(*day, begin);
            if (failed() || !in_.take(',')) break;
            if (in_.at_end() || in_.peek() == ' ') break;
        }
        if (!failed() && !in_.at_end() && in_.peek() != ' ')
            return fail_here("a weekday such as Mon, a list or a range such as Mon..Fri");
        in_.skip_blanks();
        // From Monday first to Sunday first.
        out_.pattern.days.weekdays = static_cast<std::uint8_t>((set << 1 | set >> 6) & 0x7f);
    }

    unsigned weekdays_after(unsigned first, std::size_t begin)
    {
        const auto last = take_weekday();
        if (!last) fail_here("the range's last weekday");
        if (!last) return 0;
        if (*last < first)
            fail(begin, "a range of weekdays runs from Monday to Sunday and does not wrap around");
        return (2U << *last) - (1U << first);
    }

    bool take_dots()
    {
        const bool are_here = in_.peek() == '.' && in_.peek(1) == '.';
        if (are_here) in_.skip(2);
        return are_here;
    }

    // Components

    /** Moves over a component without looking at its meaning. */
    component skim()
    {
        const std::size_t begin = in_.offset();
        while (!in_.at_end() && std::string_view(" -~:").find(in_.peek()) == std::string_view::npos)
            in_.skip(1);
        return {begin, in_.offset()};
    }

    /** A number in the component's unit. */
    std::int64_t number(const component_kind& kind)
    {
        const std::size_t begin = in_.offset();
        const auto whole = in_.take_number();
        if (!whole && detail::is_digit(in_.peek())) fail(in_.offset(), "a number is too long");
        if (!whole)
            fail_here(
                fmt::format("{} {}, {}", detail::article(kind.name), kind.name, kind.allowed));
        if (!whole || *whole > 1'000'000) {
            fail(begin, "{} is too large for a {}", whole.value_or(0), kind.name);
            return kind.first;
        }
        auto value = static_cast<std::int64_t>(*whole) * kind.unit;
        if (kind.unit == per_second && in_.peek() == '.' && in_.peek(1) != '.') value += fraction();
        return value;
    }

    /** `.125` in microseconds; what follows six digits rounds. */
    std::int64_t fraction()
    {
        in_.skip(1);
        if (!detail::is_digit(in_.peek())) fail_here("a digit");
        std::int64_t value = 0;
        std::int64_t weight = per_second;
        for (; detail::is_digit(in_.peek()) && weight > 1; in_.skip(1)) {
            weight /= 10;
            value += weight * (in_.peek() - '0');
        }
        if (detail::is_digit(in_.peek()) && in_.peek() >= '5') ++value;
        while (detail::is_digit(in_.peek())) in_.skip(1);
        return value;
    }

    /** A value of the component, which it must not leave. */
    std::int64_t value(const component_kind& kind)
    {
        const std::size_t begin = in_.offset();
        std::int64_t v = number(kind);
        if (&kind == &year_part && v < 100) v += v < 70 ? 2000 : 1900;
        if (!failed() && (v < kind.first || v > kind.last))
            fail(begin, "this is no {}, which is {}", kind.name, kind.allowed);
        return v;
    }

    /** The list of a component; `*` alone is every value. */
    std::vector<progression> read_list(const component& where, const component_kind& kind)
    {
        in_ = text_cursor(text_.substr(0, where.end), where.begin);
        if (in_.take('*')) {
            if (in_.peek() == '/')
                fail(
                    in_.offset(), "'*' has no step; write a first value, such as {}/{}", kind.first,
                    2);
            else if (!in_.at_end())
                fail(in_.offset(), "nothing can stand behind '*'");
            return {{kind.first, kind.last - kind.last % kind.unit, kind.unit}};
        }
        std::vector<progression> out;
        do {
            out.push_back(read_item(kind));
        } while (!failed() && in_.take(','));
        if (!in_.at_end())
            fail_here(
                fmt::format("{} {}, {}", detail::article(kind.name), kind.name, kind.allowed));
        return out;
    }

    progression read_item(const component_kind& kind)
    {
        const std::size_t begin = in_.offset();
        progression p{.first = value(kind), .last = 0, .step = kind.unit};
        p.last = p.first;
        const bool is_range = !failed() && take_dots();
        if (is_range) p.last = value(kind);
        if (!failed() && p.last < p.first) fail(begin, "a range does not run backwards");
        if (failed()) return p;
        if (!in_.take('/')) {
            if (is_range) check_length(p, kind, begin);
            return p;
        }

        const std::size_t step_begin = in_.offset();
        p.step = number(kind);
        if (!failed() && p.step == 0) fail(step_begin, "a step cannot be 0");
        if (!is_range) open_end(p, kind, begin);
        return p;
    }

    /** Without a step a range of seconds goes by whole ones, and systemd wants at least one step;
     * of all other components it takes `5..5`. */
    void check_length(const progression& p, const component_kind& kind, std::size_t begin)
    {
        if (kind.unit == per_second && p.first + p.step > p.last)
            fail(begin, "a range of seconds without a step is at least a second long");
    }

    /** `a/n` runs to the component's end: from the month's end that is its last day. */
    void open_end(progression& p, const component_kind& kind, std::size_t begin)
    {
        const bool is_from_end = &kind == &from_end_part;
        const bool has_room =
            is_from_end ? p.first - p.step >= kind.first : p.first + p.step <= kind.last;
        if (!has_room)
            fail(
                begin, "there is no room for one step before the end: a {} is {}", kind.name,
                kind.allowed);
        p.last = is_from_end ? kind.first : kind.last;
    }

    template <class Set>
    void read_bits(const component& where, const component_kind& kind, Set& out)
    {
        out = 0;
        for (const progression& p : read_list(where, kind))
            for (std::int64_t v = p.first; !failed() && v <= p.last; v += p.step)
                out = static_cast<Set>(out | Set{1} << v);
    }

    // Dates

    /** Which of the two the text is shows by what stands behind its first component. */
    void read_date_or_time()
    {
        const component first = skim();
        if (in_.at_end() || in_.peek() == ':') return read_time(first);
        if (in_.peek() != '-' && in_.peek() != '~')
            return fail_here("a date such as *-*-01 or a time such as 08:30");
        read_date(first);
        if (failed() || in_.at_end()) return;
        read_time(skim());
    }

    /** MONTH-DAY or YEAR-MONTH-DAY; the separator before the day may be `~`. */
    void read_date(const component& first)
    {
        bool from_end = in_.peek() == '~';
        in_.skip(1);
        const component second = skim();
        component third;
        const bool has_year = !in_.at_end() && in_.peek() != ' ' && !from_end;
        if (has_year) {
            if (in_.peek() != '-' && in_.peek() != '~') return fail_here("'-' or '~' and a day");
            from_end = in_.peek() == '~';
            in_.skip(1);
            third = skim();
        }
        const std::size_t behind = in_.offset();
        if (behind < text_.size() && in_.peek() != ' ')
            return fail_here("a blank, and a time such as 08:30");
        if (has_year) read_years(first);
        read_bits(has_year ? second : first, month_part, out_.pattern.days.months);
        read_days(has_year ? third : second, from_end);
        in_ = text_cursor(text_, behind);
        in_.skip_blanks();
    }

    void read_years(const component& where)
    {
        auto& years = out_.pattern.days.years;
        years.reset();
        for (const progression& p : read_list(where, year_part))
            for (std::int64_t y = p.first; !failed() && y <= p.last; y += p.step)
                years.set(static_cast<std::size_t>(y - first_year));
    }

    void read_days(const component& where, bool from_end)
    {
        auto& days = out_.pattern.days;
        const bool is_all = text_.substr(where.begin, where.end - where.begin) == "*";
        if (!from_end || is_all) return read_bits(where, day_part, days.days);
        days.days = 0;
        for (const progression& p : read_list(where, from_end_part)) {
            // `~9..1/3` cannot be written: both `~1..9/3` and `~9/3` step towards the last day,
            // the first from ~1 backwards, the other from ~9 forwards.
            const std::int64_t step = p.last < p.first ? -p.step : p.step;
            for (std::int64_t d = p.first; !failed() && (step > 0 ? d <= p.last : d >= p.last);
                 d += step)
                days.days_from_end |= std::uint32_t{1} << (d - 1);
        }
    }

    // Times

    void read_time(const component& hours)
    {
        out_.smallest = calendar_meaning::precision::minute;
        if (in_.at_end()) {
            // What is wrong within the hour says more.
            read_list(hours, hour_part);
            return fail(text_.size(), "':' and a minute are missing here");
        }
        if (in_.peek() != ':') return fail_here("':' and a minute");
        in_.skip(1);
        const component minutes = skim();
        component seconds;
        const bool has_seconds = in_.take(':');
        if (has_seconds) seconds = skim();
        if (in_.offset() < text_.size())
            return fail_here("the end, or a zone such as Europe/Berlin");

        auto& clock = out_.pattern.clock;
        read_bits(hours, hour_part, clock.hours);
        read_bits(minutes, minute_part, clock.minutes);
        if (has_seconds) read_seconds(seconds);
        out_.pattern.is_fixed_time =
            text_.substr(hours.begin).find_first_of("*/") == std::string_view::npos;
    }

    void read_seconds(const component& where)
    {
        out_.smallest = calendar_meaning::precision::second;
        auto& clock = out_.pattern.clock;
        clock.seconds = 0;
        for (const progression& p : read_list(where, second_part)) {
            if (failed()) return;
            if (p.first % per_second == 0 && p.step % per_second == 0) {
                for (std::int64_t v = p.first; v <= p.last; v += p.step)
                    clock.seconds |= std::uint64_t{1} << (v / per_second);
            } else {
                clock.fractions.push_back(
                    {microseconds{p.first}, microseconds{p.last}, microseconds{p.step}});
            }
        }
    }

    std::string_view text_;
    text_cursor in_;
    calendar_meaning out_;
    std::optional<parse_error> error_;
};

/** `@SECONDS` since the epoch. */
parse_result<calendar_meaning> parse_moment(std::string_view text)
{
    text_cursor in(text, text.find('@') + 1);
    const std::size_t begin = in.offset();
    const auto seconds = in.take_number();
    if (!seconds || !in.at_end())
        return parse_error{in.offset(), "@ is followed by whole seconds since 1970"};
    const auto limit = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(end_of_time.time_since_epoch()).count());
    if (*seconds >= limit) return parse_error{begin, "this lies beyond the year 2199"};
    calendar_meaning out;
    out.moment = instant{std::chrono::seconds{*seconds}};
    out.smallest = calendar_meaning::precision::second;
    return out;
}

std::string_view without_blanks_behind(std::string_view text)
{
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

} // namespace

parse_result<calendar_meaning> parse_calendar(std::string_view text)
{
    if (text.size() > max_expression_bytes)
        return parse_error{
            max_expression_bytes,
            fmt::format("an expression has at most {} bytes", max_expression_bytes)};

    std::string zone;
    text = without_blanks_behind(text);
    std::string_view event = text;
    const std::size_t blank = text.rfind(' ');
    if (blank != std::string_view::npos && text.find_first_not_of(' ') < blank &&
        begins_with_letter(text.substr(blank + 1))) {
        zone = text.substr(blank + 1);
        if (detail::equals_ignoring_case(zone, "UTC")) zone = "UTC";
        event = without_blanks_behind(text.substr(0, blank));
    }
    const std::string_view word =
        event.substr(std::min(event.find_first_not_of(' '), event.size()));
    for (const auto& [name, meaning] : shorthands)
        if (detail::equals_ignoring_case(word, name)) event = meaning;
    auto out = word.starts_with('@') ? parse_moment(event) : calendar_reader(event).read();
    if (out) out->zone = std::move(zone);
    return out;
}

} // namespace carillon
