#include <carillon/detail/text.hpp>
#include <carillon/job/retry.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace carillon {
namespace {

using namespace std::string_view_literals;

std::optional<int> number(std::string_view text) noexcept
{
    int value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

/** IMF-fixdate, the one form that senders may use (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994
 * 08:49:37 GMT`. */
std::optional<instant> parse_http_date(std::string_view text) noexcept
{
    static constexpr std::array months{"Jan"sv, "Feb"sv, "Mar"sv, "Apr"sv, "May"sv, "Jun"sv,
                                       "Jul"sv, "Aug"sv, "Sep"sv, "Oct"sv, "Nov"sv, "Dec"sv};
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
        text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
        return std::nullopt;
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    const auto day = number(text.substr(5, 2));
    const auto year = number(text.substr(12, 4));
    const auto hour = number(text.substr(17, 2));
    const auto minute = number(text.substr(20, 2));
    const auto second = number(text.substr(23, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

    const std::chrono::year_month_day date{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
        std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{*second};
}

} // namespace

microseconds backoff(const retry_policy& policy, int failed_attempts, double draw) noexcept
{
    const double grown = static_cast<double>(policy.backoff.count()) *
                         std::pow(policy.multiplier, failed_attempts - 1);
    // Compared as numbers: the product may be beyond what a span holds, infinity too.
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
    if (!text.empty() && std::all_of(text.begin(), text.end(), detail::is_digit)) {
        // More than nine digits is beyond any deadline; the number need not be exact.
        const auto seconds = number(text.substr(0, 9));
        return seconds ? std::optional<microseconds>(std::chrono::seconds{*seconds}) : std::nullopt;
    }
    const std::optional<instant> date = parse_http_date(text);
    if (!date) return std::nullopt;
    return std::max(*date - now, microseconds{0});
}

} // namespace carillon
