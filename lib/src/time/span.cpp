#include <carillon/detail/text.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

namespace carillon {
namespace {

using count = microseconds::rep;

constexpr count second = 1'000'000;
constexpr count minute = 60 * second;
constexpr count hour = 60 * minute;
constexpr count day = 24 * hour;

struct unit {
    std::string_view name;
    count size;
};

constexpr std::array units{
    unit{"usec", 1},
    unit{"us", 1},
    unit{"µs", 1},
    unit{"μs", 1},
    unit{"msec", 1000},
    unit{"ms", 1000},
    unit{"seconds", second},
    unit{"second", second},
    unit{"sec", second},
    unit{"s", second},
    unit{"minutes", minute},
    unit{"minute", minute},
    unit{"min", minute},
    unit{"m", minute},
    unit{"hours", hour},
    unit{"hour", hour},
    unit{"hr", hour},
    unit{"h", hour},
    unit{"days", day},
    unit{"day", day},
    unit{"d", day},
    unit{"weeks", 7 * day},
    unit{"week", 7 * day},
    unit{"w", 7 * day},
    unit{"months", 2'629'800 * second},
    unit{"month", 2'629'800 * second},
    unit{"M", 2'629'800 * second},
    unit{"years", 31'557'600 * second},
    unit{"year", 31'557'600 * second},
    unit{"y", 31'557'600 * second},
};

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/** Reads one text. Each member that reads leaves `at` behind what it has read. */
struct cursor {
    std::string_view text;
    std::size_t at = 0;

    bool done() const { return at == text.size(); }
    char peek() const { return done() ? '\0' : text[at]; }
    void skip_blanks()
    {
        while (is_blank(peek())) ++at;
    }

    std::string_view digits()
    {
        const std::size_t from = at;
        while (detail::is_digit(peek())) ++at;
        return text.substr(from, at - from);
    }

    std::string_view word()
    {
        const std::size_t from = at;
        while (!done() && !is_blank(peek()) && !detail::is_digit(peek()) && peek() != '.' &&
               peek() != '-' && peek() != '+')
            ++at;
        return text.substr(from, at - from);
    }
};

parse_error too_large(std::size_t offset)
{
    return {offset, "the span is too large: at most 2^63-1 microseconds (about 292,000 years)"};
}

/** `total + digit * size`, or nothing if that overflows. */
bool add(count& total, count factor, count size)
{
    count product = 0;
    return !__builtin_mul_overflow(factor, size, &product) &&
           !__builtin_add_overflow(total, product, &total);
}

parse_result<count> parse_unit(cursor& in)
{
    in.skip_blanks();
    const std::size_t from = in.at;
    const std::string_view name = in.word();
    if (name.empty()) return second;
    for (const unit& u : units)
        if (u.name == name) return u.size;
    return parse_error{
        from, fmt::format("unknown unit '{}'; use us, ms, s, min, h, d, w, M or y", name)};
}

/** One `NUMBER[.DIGITS][ ]UNIT`, added to `total`. */
parse_result<count> parse_term(cursor& in, count total)
{
    const std::size_t from = in.at;
    const std::string_view whole = in.digits();
    std::string_view fraction;
    if (in.peek() == '.') {
        ++in.at;
        fraction = in.digits();
        if (fraction.empty()) return parse_error{in.at, "a digit must follow the point"};
        if (in.peek() == '.') return parse_error{in.at, "a number has one point at most"};
    } else if (whole.empty()) {
        if (in.peek() == '-') return parse_error{in.at, "a span cannot be negative"};
        return parse_error{in.at, "expected a number, such as 5min or 1.5s"};
    }

    const parse_result<count> size = parse_unit(in);
    if (!size) return size.error();

    count number = 0;
    for (const char c : whole) {
        if (__builtin_mul_overflow(number, 10, &number) || !add(number, c - '0', 1))
            return too_large(from);
    }
    if (!add(total, number, *size)) return too_large(from);

    count place = *size / 10;
    for (const char c : fraction) {
        if (!add(total, c - '0', place)) return too_large(from);
        place /= 10;
    }
    return total;
}

} // namespace

parse_result<microseconds> parse_span(std::string_view text)
{
    cursor in{text};
    in.skip_blanks();
    if (in.done()) return parse_error{0, "the span is empty; write one such as 5min or 1.5s"};
    count total = 0;
    while (!in.done()) {
        const parse_result<count> sum = parse_term(in, total);
        if (!sum) return sum.error();
        total = *sum;
        in.skip_blanks();
    }
    return microseconds{total};
}

std::string format_span(microseconds span)
{
    static constexpr std::array<std::pair<count, const char*>, 6> parts{
        {{day, "d"}, {hour, "h"}, {minute, "min"}, {second, "s"}, {1000, "ms"}, {1, "us"}}};
    count rest = span.count();
    if (rest == 0) return "0s";
    std::string out;
    if (rest < 0) return "-" + format_span(-span);
    for (const auto& [size, name] : parts) {
        if (rest < size) continue;
        fmt::format_to(
            std::back_inserter(out), "{}{}{}", out.empty() ? "" : " ", rest / size, name);
        rest %= size;
    }
    return out;
}

std::string format_seconds(microseconds span)
{
    const count rest = span.count() % second;
    std::string out = fmt::format("{}", span.count() / second);
    if (rest != 0) {
        out += fmt::format(".{:06}", rest);
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out + "s";
}

} // namespace carillon
