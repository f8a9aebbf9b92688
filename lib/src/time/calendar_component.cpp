#include "time/calendar_component.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/time/local_pattern.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace carillon::detail {

constexpr calendar_component_kind year_part{"year", first_year, last_year, 1, "1970-2199"};
constexpr calendar_component_kind month_part{"month", 1, 12, 1, "1-12"};
constexpr calendar_component_kind day_part{"day", 1, 31, 1, "1-31"};
constexpr calendar_component_kind from_end_part{"day from the month's end", 1, 28, 1, "1-28"};
constexpr calendar_component_kind hour_part{"hour", 0, 23, 1, "0-23"};
constexpr calendar_component_kind minute_part{"minute", 0, 59, 1, "0-59"};
constexpr calendar_component_kind second_part{
    "second", 0, 60 * per_second - 1, per_second, "0-59, with a fraction of up to six digits"};

namespace {

/** Reads one component. After the first mistake nothing that it has read counts. */
class component_reader {
public:
    component_reader(
        std::string_view text, calendar_component_place place, const calendar_component_kind& kind)
        : in_(text.substr(0, place.end), place.begin), kind_(kind)
    {}

    parse_result<std::vector<progression>> read()
    {
        std::vector<progression> out = in_.take('*') ? read_star() : read_list();
        if (error_) return *error_;
        return out;
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
        if (!error_) error_ = unexpected_here(in_, wanted);
    }

    void fail_here()
    {
        fail_here(fmt::format("{} {}, {}", article(kind_.name), kind_.name, kind_.allowed));
    }

    std::vector<progression> read_star()
    {
        if (in_.peek() == '/')
            fail(
                in_.offset(), "'*' has no step; write a first value, such as {}/{}", kind_.first,
                2);
        else if (!in_.at_end())
            fail(in_.offset(), "nothing can stand behind '*'");
        return {{kind_.first, kind_.last - kind_.last % kind_.unit, kind_.unit}};
    }

    std::vector<progression> read_list()
    {
        std::vector<progression> out;
        do {
            out.push_back(read_item());
        } while (!failed() && in_.take(','));
        if (!in_.at_end()) fail_here();
        return out;
    }

    progression read_item()
    {
        const std::size_t begin = in_.offset();
        progression p{.first = value(), .last = 0, .step = kind_.unit};
        p.last = p.first;
        const bool is_range = !failed() && in_.take_word("..");
        if (is_range) p.last = value();
        if (!failed() && p.last < p.first) fail(begin, "a range does not run backwards");
        if (failed()) return p;
        if (!in_.take('/')) {
            if (is_range) check_length(p, begin);
            return p;
        }

        const std::size_t step_begin = in_.offset();
        p.step = number();
        if (!failed() && p.step == 0) fail(step_begin, "a step cannot be 0");
        if (!is_range) open_end(p, begin);
        return p;
    }

    /** A value of the component. It must be one that the component has. */
    std::int64_t value()
    {
        const std::size_t begin = in_.offset();
        std::int64_t v = number();
        if (&kind_ == &year_part && v < 100) v += v < 70 ? 2000 : 1900;
        if (!failed() && (v < kind_.first || v > kind_.last))
            fail(begin, "this is no {}, which is {}", kind_.name, kind_.allowed);
        return v;
    }

    /** A number in the component's unit. */
    std::int64_t number()
    {
        const std::size_t begin = in_.offset();
        const auto whole = in_.take_number();
        if (!whole && is_digit(in_.peek())) fail(in_.offset(), "a number is too long");
        if (!whole) fail_here();
        if (!whole || *whole > 1'000'000) {
            fail(begin, "{} is too large for a {}", whole.value_or(0), kind_.name);
            return kind_.first;
        }
        auto value = static_cast<std::int64_t>(*whole) * kind_.unit;
        if (kind_.unit == per_second && in_.peek() == '.' && in_.peek(1) != '.')
            value += fraction();
        return value;
    }

    /** `.125` in microseconds. The seventh digit rounds. */
    std::int64_t fraction()
    {
        in_.skip(1);
        if (!is_digit(in_.peek())) fail_here("a digit");
        std::int64_t value = 0;
        std::int64_t weight = per_second;
        for (; is_digit(in_.peek()) && weight > 1; in_.skip(1)) {
            weight /= 10;
            value += weight * (in_.peek() - '0');
        }
        if (is_digit(in_.peek()) && in_.peek() >= '5') ++value;
        while (is_digit(in_.peek())) in_.skip(1);
        return value;
    }

    /** A range of seconds without a step has a step of one second. As systemd wants it, there must
     * be room for that; ranges of all other components may be `5..5`. */
    void check_length(const progression& p, std::size_t begin)
    {
        if (kind_.unit == per_second && p.first + p.step > p.last)
            fail(begin, "a range of seconds without a step is at least a second long");
    }

    /** `a/n` runs to the component's end. Counted from the month's end that is its last day. */
    void open_end(progression& p, std::size_t begin)
    {
        const bool is_from_end = &kind_ == &from_end_part;
        const bool has_room =
            is_from_end ? p.first - p.step >= kind_.first : p.first + p.step <= kind_.last;
        if (!has_room)
            fail(
                begin, "there is no room for one step before the end: a {} is {}", kind_.name,
                kind_.allowed);
        p.last = is_from_end ? kind_.first : kind_.last;
    }

    text_cursor in_;
    const calendar_component_kind& kind_;
    std::optional<parse_error> error_;
};

} // namespace

parse_result<std::vector<progression>> read_component(
    std::string_view text, calendar_component_place place, const calendar_component_kind& kind)
{
    return component_reader(text, place, kind).read();
}

parse_error unexpected_here(const text_cursor& in, std::string_view wanted)
{
    if (in.at_end()) return {in.offset(), fmt::format("{} is missing here", wanted)};
    const auto size = character_at(in.rest(), 0).size;
    return {
        in.offset(),
        fmt::format("'{}' cannot stand here, but {}", visible(in.rest().substr(0, size)), wanted)};
}

} // namespace carillon::detail
