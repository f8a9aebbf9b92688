#include "base/text_cursor.hpp"
#include "time/calendar_component.hpp"
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
using component_kind = detail::calendar_component_kind;
using component_place = detail::calendar_component_place;
using detail::per_second;
using detail::progression;
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

/** Whether a word begins with a letter. If it is the last word of an expression, and not the only
 * one, it is then a zone. */
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

    /** Fails: no character that could stand here does. */
    void fail_here(std::string_view wanted)
    {
        if (!error_) error_ = detail::unexpected_here(in_, wanted);
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

    /** Fails for a word at the beginning that is no weekday, such as the name of a month. */
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
            if (in_.take('-') || in_.take_word("..")) set |= weekdays_after(*day, begin);
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

    // Components

    /** Moves behind a component. Its meaning shows later. */
    component_place skim()
    {
        const std::size_t begin = in_.offset();
        while (!in_.at_end() && std::string_view(" -~:").find(in_.peek()) == std::string_view::npos)
            in_.skip(1);
        return {begin, in_.offset()};
    }

    std::vector<progression> read_list(const component_place& where, const component_kind& kind)
    {
        if (failed()) return {};
        auto list = detail::read_component(text_, where, kind);
        if (list) return std::move(*list);
        error_ = list.error();
        return {};
    }

    template <class Set>
    void read_bits(const component_place& where, const component_kind& kind, Set& out)
    {
        out = 0;
        for (const progression& p : read_list(where, kind))
            for (std::int64_t v = p.first; !failed() && v <= p.last; v += p.step)
                out = static_cast<Set>(out | Set{1} << v);
    }

    // Dates

    /** What stands behind the first component shows which of the two the text is. */
    void read_date_or_time()
    {
        const component_place first = skim();
        if (in_.at_end() || in_.peek() == ':') return read_time(first);
        if (in_.peek() != '-' && in_.peek() != '~')
            return fail_here("a date such as *-*-01 or a time such as 08:30");
        read_date(first);
        if (failed() || in_.at_end()) return;
        read_time(skim());
    }

    /** MONTH-DAY or YEAR-MONTH-DAY; the separator before the day may be `~`. */
    void read_date(const component_place& first)
    {
        bool from_end = in_.peek() == '~';
        in_.skip(1);
        const component_place second = skim();
        component_place third;
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
        read_bits(has_year ? second : first, detail::month_part, out_.pattern.days.months);
        read_days(has_year ? third : second, from_end);
        in_ = text_cursor(text_, behind);
        in_.skip_blanks();
    }

    void read_years(const component_place& where)
    {
        auto& years = out_.pattern.days.years;
        years.reset();
        for (const progression& p : read_list(where, detail::year_part))
            for (std::int64_t y = p.first; !failed() && y <= p.last; y += p.step)
                years.set(static_cast<std::size_t>(y - first_year));
    }

    void read_days(const component_place& where, bool from_end)
    {
        auto& days = out_.pattern.days;
        const bool is_all = text_.substr(where.begin, where.end - where.begin) == "*";
        if (!from_end || is_all) return read_bits(where, detail::day_part, days.days);
        days.days = 0;
        for (const progression& p : read_list(where, detail::from_end_part)) {
            // `~9..1/3` cannot be written: both `~1..9/3` and `~9/3` step towards the last day,
            // the first from ~1 backwards, the other from ~9 forwards.
            const std::int64_t step = p.last < p.first ? -p.step : p.step;
            for (std::int64_t d = p.first; !failed() && (step > 0 ? d <= p.last : d >= p.last);
                 d += step)
                days.days_from_end |= std::uint32_t{1} << (d - 1);
        }
    }

    // Times

    void read_time(const component_place& hours)
    {
        out_.smallest = calendar_meaning::precision::minute;
        if (in_.at_end()) {
            // A mistake within the hour says more.
            read_list(hours, detail::hour_part);
            return fail(text_.size(), "':' and a minute are missing here");
        }
        if (in_.peek() != ':') return fail_here("':' and a minute");
        in_.skip(1);
        const component_place minutes = skim();
        component_place seconds;
        const bool has_seconds = in_.take(':');
        if (has_seconds) seconds = skim();
        if (in_.offset() < text_.size())
            return fail_here("the end, or a zone such as Europe/Berlin");

        auto& clock = out_.pattern.clock;
        read_bits(hours, detail::hour_part, clock.hours);
        read_bits(minutes, detail::minute_part, clock.minutes);
        if (has_seconds) read_seconds(seconds);
        out_.pattern.is_fixed_time =
            text_.substr(hours.begin).find_first_of("*/") == std::string_view::npos;
    }

    void read_seconds(const component_place& where)
    {
        out_.smallest = calendar_meaning::precision::second;
        auto& clock = out_.pattern.clock;
        clock.seconds = 0;
        for (const progression& p : read_list(where, detail::second_part)) {
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
