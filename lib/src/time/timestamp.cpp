#include "base/text_cursor.hpp"
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <optional>

namespace carillon {
namespace {

using detail::text_cursor;

/** Reads the parts of one timestamp. After the first mistake nothing that it has read counts. */
class timestamp_reader {
public:
    explicit timestamp_reader(std::string_view text) : in_(text) {}

    parse_result<timestamp> read()
    {
        const local_date date = read_date();
        if (in_.at_end()) return finish(date);
        if (!in_.take('T') && !in_.take('t') && !in_.take(' '))
            fail("'T' or a blank, and a time such as 09:00");
        const local_instant local = date + read_time();
        if (in_.at_end()) return finish(local);
        const instant in_utc{local.time_since_epoch()};
        return finish(in_utc - read_offset());
    }

private:
    parse_result<timestamp> finish(timestamp t)
    {
        if (!error_ && !in_.at_end()) fail("the end");
        if (error_) return *error_;
        return t;
    }

    void fail(std::string_view wanted)
    {
        if (!error_)
            error_.emplace(
                in_.offset(),
                fmt::format("here must stand {}; a time is such as 2026-01-31T09:00:00Z", wanted));
    }

    void require(char c)
    {
        if (!in_.take(c)) fail(fmt::format("'{}'", c));
    }

    /** Exactly so many digits, in a range. */
    int number(std::size_t digits, int least, int most)
    {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (!detail::is_digit(in_.peek(i))) {
                fail(fmt::format("a number of {} digits", digits));
                return least;
            }
            value = value * 10 + (in_.peek(i) - '0');
        }
        if (value < least || value > most) fail(fmt::format("a number from {} to {}", least, most));
        in_.skip(digits);
        return value;
    }

    local_date read_date()
    {
        const std::chrono::year year{number(4, 0, 9999)};
        require('-');
        const std::chrono::month month{static_cast<unsigned>(number(2, 1, 12))};
        require('-');
        const auto last = static_cast<unsigned>((year / month / std::chrono::last).day());
        const int day = number(2, 1, error_ ? 31 : static_cast<int>(last));
        return local_date{year / month / std::chrono::day{static_cast<unsigned>(day)}};
    }

    microseconds read_time()
    {
        microseconds time = std::chrono::hours{number(2, 0, 23)};
        require(':');
        time += std::chrono::minutes{number(2, 0, 59)};
        if (!in_.take(':')) return time;
        time += std::chrono::seconds{number(2, 0, 60)};
        if (in_.take('.')) time += read_fraction();
        return time;
    }

    microseconds read_fraction()
    {
        if (!detail::is_digit(in_.peek())) fail("a digit");
        microseconds fraction{0};
        microseconds weight = std::chrono::milliseconds{100};
        for (; detail::is_digit(in_.peek()); in_.skip(1), weight /= 10)
            fraction += weight * (in_.peek() - '0');
        return fraction;
    }

    microseconds read_offset()
    {
        if (in_.take('Z') || in_.take('z')) return microseconds{0};
        const bool is_west = in_.peek() == '-';
        if (!in_.take('+') && !in_.take('-')) fail("Z, or an offset such as +01:00");
        microseconds offset = std::chrono::hours{number(2, 0, 23)};
        require(':');
        offset += std::chrono::minutes{number(2, 0, 59)};
        return is_west ? -offset : offset;
    }

    text_cursor in_;
    std::optional<parse_error> error_;
};

/** The pattern that one local time alone fits. */
local_pattern pattern_of(local_instant t)
{
    local_pattern out;
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const int year = static_cast<int>(date.year());
    out.days.years.reset();
    if (year >= first_year && year <= last_year)
        out.days.years.set(static_cast<std::size_t>(year - first_year));
    out.days.months = static_cast<std::uint16_t>(1U << static_cast<unsigned>(date.month()));
    out.days.days = 1U << static_cast<unsigned>(date.day());
    out.days.weekdays = 0x7f;
    const std::chrono::hh_mm_ss<microseconds> time{t - day};
    out.clock.hours = 1U << time.hours().count();
    out.clock.minutes = std::uint64_t{1} << time.minutes().count();
    const microseconds second = time.seconds() + time.subseconds();
    out.clock.fractions.push_back({.first = second, .last = second});
    return out;
}

} // namespace

parse_result<timestamp> parse_timestamp(std::string_view text)
{
    return timestamp_reader(text).read();
}

parse_result<instant> parse_instant(std::string_view text)
{
    const auto written = parse_timestamp(text);
    if (!written) return written.error();
    if (const auto* t = std::get_if<instant>(&*written)) return *t;
    return parse_error{text.size(), "Z or an offset such as +01:00 is missing"};
}

std::vector<instant> instants_of(const timestamp& t, const time_zone& zone, dst_policy dst)
{
    const auto* local = std::get_if<local_instant>(&t);
    if (local == nullptr) return {first_instant_of(t, zone)};
    const local_pattern pattern = pattern_of(*local);
    const zoned_pattern zoned(pattern, zone, dst);
    std::vector<instant> out;
    for (auto next = zoned.next_after(instant::min()); next; next = zoned.next_after(*next))
        out.push_back(*next);
    return out;
}

instant first_instant_of(const timestamp& t, const time_zone& zone)
{
    if (const auto* exact = std::get_if<instant>(&t)) return *exact;
    if (const auto* date = std::get_if<local_date>(&t)) return zone.first_at(*date);
    return zone.first_at(std::get<local_instant>(t));
}

local_instant local_time_of(const timestamp& t, const time_zone& zone)
{
    if (const auto* exact = std::get_if<instant>(&t)) return zone.to_local(*exact);
    if (const auto* date = std::get_if<local_date>(&t)) return *date;
    return std::get<local_instant>(t);
}

std::string format_utc_short(instant t)
{
    std::string out = format_utc(t);
    if (out.ends_with(".000000Z")) out.replace(out.size() - 8, 7, "");
    return out;
}

} // namespace carillon
