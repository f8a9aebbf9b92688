#include "job/retry.hpp"

#include <carillon/detail/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace carillon::detail {
namespace {

using namespace std::string_view_literals;

/** The date and time of an HTTP date, as they stand there. */
struct date_time {
    int year = 0;
    unsigned month = 0, day = 0;
    int hour = 0, minute = 0, second = 0;
};

/** Reads HTTP dates: letters in their case, digits as many as the grammar has. */
class date_cursor {
public:
    explicit date_cursor(std::string_view text) noexcept : rest_(text) {}

    bool at_end() const noexcept { return rest_.empty(); }

    bool take(std::string_view text) noexcept
    {
        const bool is_here = rest_.starts_with(text);
        if (is_here) rest_.remove_prefix(text.size());
        return is_here;
    }

    /** Which of some names stands here, from 0. */
    template <std::size_t Size>
    std::optional<unsigned> take_one(const std::array<std::string_view, Size>& names) noexcept
    {
        for (unsigned i = 0; i < Size; ++i)
            if (take(names[i])) return i;
        return std::nullopt;
    }

    bool take_digits(std::size_t count, int& out) noexcept
    {
        const std::string_view digits = rest_.substr(0, count);
        if (digits.size() < count || !std::all_of(digits.begin(), digits.end(), is_digit))
            return false;
        std::from_chars(digits.data(), digits.data() + count, out);
        rest_.remove_prefix(count);
        return true;
    }

    bool take_day(date_time& out) noexcept
    {
        int day = 0;
        const bool is_here = take_digits(2, day);
        out.day = static_cast<unsigned>(day);
        return is_here;
    }

    bool take_month(date_time& out) noexcept
    {
        static constexpr std::array months{"Jan"sv, "Feb"sv, "Mar"sv, "Apr"sv, "May"sv, "Jun"sv,
                                           "Jul"sv, "Aug"sv, "Sep"sv, "Oct"sv, "Nov"sv, "Dec"sv};
        const auto month = take_one(months);
        out.month = month.value_or(0) + 1;
        return month.has_value();
    }

    bool take_time(date_time& out) noexcept
    {
        return take_digits(2, out.hour) && take(":") && take_digits(2, out.minute) && take(":") &&
               take_digits(2, out.second);
    }

private:
    std::string_view rest_;
};

constexpr std::array short_days{"Mon"sv, "Tue"sv, "Wed"sv, "Thu"sv, "Fri"sv, "Sat"sv, "Sun"sv};
constexpr std::array long_days{"Monday"sv, "Tuesday"sv,  "Wednesday"sv, "Thursday"sv,
                               "Friday"sv, "Saturday"sv, "Sunday"sv};

/** The instant, or nothing if there is no such day or time. There may be a leap second. */
std::optional<instant> instant_of(const date_time& t) noexcept
{
    if (t.hour > 23 || t.minute > 59 || t.second > 60) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year{t.year}, std::chrono::month{t.month}, std::chrono::day{t.day}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{t.hour} +
           std::chrono::minutes{t.minute} + std::chrono::seconds{t.second};
}

/** IMF-fixdate, the one form that senders may use: `Sun, 06 Nov 1994 08:49:37 GMT`. */
std::optional<instant> parse_imf_fixdate(std::string_view text) noexcept
{
    date_cursor in(text);
    date_time t;
    const bool is_one = in.take_one(short_days) && in.take(", ") && in.take_day(t) &&
                        in.take(" ") && in.take_month(t) && in.take(" ") &&
                        in.take_digits(4, t.year) && in.take(" ") && in.take_time(t) &&
                        in.take(" GMT") && in.at_end();
    return is_one ? instant_of(t) : std::nullopt;
}

/** The instant where only the last two digits of the year are given: the latest one that is at
 * most 50 years after `now`. */
std::optional<instant> in_its_century(date_time t, instant now) noexcept
{
    const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
    const int century = static_cast<int>(today.year()) / 100 * 100;
    const int digits = t.year;
    for (const int first : {century + 100, century, century - 100}) {
        t.year = first + digits;
        const auto at = instant_of(t);
        // Not every century's year of these digits has a 29th of February.
        if (at && *at <= now + std::chrono::years{50}) return at;
    }
    return std::nullopt;
}

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
std::optional<instant> parse_rfc850_date(std::string_view text, instant now) noexcept
{
    date_cursor in(text);
    date_time t;
    const bool is_one = in.take_one(long_days) && in.take(", ") && in.take_day(t) && in.take("-") &&
                        in.take_month(t) && in.take("-") && in.take_digits(2, t.year) &&
                        in.take(" ") && in.take_time(t) && in.take(" GMT") && in.at_end();
    return is_one ? in_its_century(t, now) : std::nullopt;
}

/** `Sun Nov  6 08:49:37 1994` */
std::optional<instant> parse_asctime_date(std::string_view text) noexcept
{
    date_cursor in(text);
    date_time t;
    const auto take_padded_day = [&] {
        int day = 0;
        if (!in.take(" ")) return in.take_day(t);
        const bool is_here = in.take_digits(1, day);
        t.day = static_cast<unsigned>(day);
        return is_here;
    };
    const bool is_one = in.take_one(short_days) && in.take(" ") && in.take_month(t) &&
                        in.take(" ") && take_padded_day() && in.take(" ") && in.take_time(t) &&
                        in.take(" ") && in.take_digits(4, t.year) && in.at_end();
    return is_one ? instant_of(t) : std::nullopt;
}

/** RFC 9110 section 5.6.7: a recipient must know the old forms of a date, too. Whether the day of
 * the week is right is not checked. */
std::optional<instant> parse_http_date(std::string_view text, instant now) noexcept
{
    if (const auto at = parse_imf_fixdate(text)) return at;
    if (const auto at = parse_rfc850_date(text, now)) return at;
    return parse_asctime_date(text);
}

} // namespace

microseconds backoff(const retry_policy& policy, int failed_attempts, double draw) noexcept
{
    const double grown = static_cast<double>(policy.backoff.count()) *
                         std::pow(policy.multiplier, failed_attempts - 1);
    // Compared as numbers, since the product may be larger than a span can be, even infinite.
    const double limit = static_cast<double>(policy.max_backoff.count());
    const double longest = grown < limit ? grown : limit;
    const double chosen = policy.jitter == jitter::full ? longest * draw : longest;
    return microseconds{static_cast<microseconds::rep>(chosen)};
}

bool is_retryable(const retry_conditions& on, outcome o, const verdict& v, int http_status) noexcept
{
    switch (o) {
    case outcome::unreachable:
        return on.unreachable;
    case outcome::timed_out:
        return on.timed_out;
    case outcome::failed:
        return contains(on.statuses, http_status) || (v.breaks_json && on.expect);
    default:
        return false;
    }
}

std::optional<microseconds> parse_retry_after(std::string_view text, instant now) noexcept
{
    text = trimmed(text);
    if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit)) {
        // More than nine digits are beyond any deadline, so the number need not be exact.
        const std::string_view digits = text.substr(0, 9);
        std::int64_t seconds = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
        return std::chrono::seconds{seconds};
    }
    const std::optional<instant> date = parse_http_date(text, now);
    if (!date) return std::nullopt;
    return std::max(*date - now, microseconds{0});
}

} // namespace carillon::detail
