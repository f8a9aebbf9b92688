#include <carillon/time/local_pattern.hpp>

#include <algorithm>
#include <bit>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr microseconds whole_day = 24h;

/** The bits from `first` to `last`, both included. */
constexpr std::uint32_t bits(unsigned first, unsigned last) noexcept
{
    if (first > last) return 0;
    return static_cast<std::uint32_t>((std::uint64_t{2} << last) - (std::uint64_t{1} << first));
}

constexpr unsigned lowest(std::uint64_t set) noexcept
{
    return static_cast<unsigned>(std::countr_zero(set));
}

constexpr unsigned highest(std::uint64_t set) noexcept
{
    return static_cast<unsigned>(63 - std::countl_zero(set));
}

/** What of a set is less than `n`. */
constexpr std::uint64_t below(std::uint64_t set, unsigned n) noexcept
{
    return n >= 64 ? set : set & ((std::uint64_t{1} << n) - 1);
}

/** What of a set is at least `n`. */
constexpr std::uint64_t at_least(std::uint64_t set, unsigned n) noexcept
{
    return set & ~below(set, n);
}

/** The value in a set behind `n` lower ones; there must be so many. */
constexpr unsigned nth_of(std::uint64_t set, std::int64_t n) noexcept
{
    for (; n > 0; --n) set &= set - 1;
    return lowest(set);
}

/** A month's shape: all that its days follow from. */
struct month_shape {
    unsigned length;
    unsigned first_weekday; // of its first day, 0 is Sunday

    explicit month_shape(year_month month) noexcept
        : length(static_cast<unsigned>((month / std::chrono::last).day())),
          first_weekday(std::chrono::weekday{local_days{month / 1}}.c_encoding())
    {}

    /** The days, as bits 1 to 31, whose weekdays are in `weekdays`. */
    std::uint32_t days_with(std::uint8_t weekdays) const noexcept
    {
        // The week repeated, so that a shift brings any weekday to the first day.
        std::uint64_t weeks = weekdays;
        weeks |= weeks << 7 | weeks << 14;
        weeks |= weeks << 21;
        return static_cast<std::uint32_t>(weeks >> first_weekday << 1) & bits(1, length);
    }

    bool is_weekend(unsigned day) const noexcept
    {
        const unsigned weekday = (first_weekday + day - 1) % 7;
        return weekday == 0 || weekday == 6;
    }

    unsigned nearest_weekday(unsigned day) const noexcept
    {
        if (!is_weekend(day)) return day;
        const bool is_saturday = (first_weekday + day - 1) % 7 == 6;
        if (is_saturday) return day > 1 ? day - 1 : day + 2;
        return day < length ? day + 1 : day - 2;
    }

    unsigned last_weekday() const noexcept
    {
        unsigned day = length;
        while (is_weekend(day)) --day;
        return day;
    }
};

std::uint32_t days_by_number(const day_pattern& p, const month_shape& month) noexcept
{
    std::uint32_t fits = p.days & bits(1, month.length);
    for (std::uint64_t left = below(p.days_from_end, month.length); left != 0; left &= left - 1)
        fits |= std::uint32_t{1} << (month.length - lowest(left));
    for (std::uint64_t left = below(p.nearest_weekdays, month.length + 1); left != 0;
         left &= left - 1)
        fits |= std::uint32_t{1} << month.nearest_weekday(lowest(left));
    if (p.last_weekday) fits |= std::uint32_t{1} << month.last_weekday();
    return fits;
}

std::uint32_t days_by_weekday(const day_pattern& p, const month_shape& month) noexcept
{
    std::uint32_t fits = month.days_with(p.weekdays);
    for (unsigned nth = 0; nth < p.nth_weekdays.size(); ++nth)
        if (p.nth_weekdays[nth] != 0)
            fits |= month.days_with(p.nth_weekdays[nth]) & bits(nth * 7 + 1, nth * 7 + 7);
    if (p.last_weekdays != 0)
        fits |= month.days_with(p.last_weekdays) & bits(month.length - 6, month.length);
    return fits;
}

std::size_t index_of(int year) noexcept { return static_cast<std::size_t>(year - first_year); }

/** How many dates of a year fit. That follows from its length and the weekday that it begins with,
 * so that each of the fourteen is worked out once. */
class year_sizes {
public:
    explicit year_sizes(const day_pattern& of) noexcept : of_(of) { known_.fill(-1); }

    std::int64_t of(int year) noexcept
    {
        if (!of_.years[index_of(year)]) return 0;
        const std::chrono::year y{year};
        const unsigned begin = std::chrono::weekday{local_days{y / 1 / 1}}.c_encoding();
        int& size = known_[begin + (y.is_leap() ? 7 : 0)];
        if (size < 0) size = work_out(y);
        return size;
    }

private:
    int work_out(std::chrono::year year) const noexcept
    {
        int size = 0;
        for (std::uint64_t left = of_.months; left != 0; left &= left - 1)
            size += std::popcount(of_.days_of({year, std::chrono::month{lowest(left)}}));
        return size;
    }

    const day_pattern& of_;
    std::array<int, 14> known_{};
};

/** How many dates of one year fit, from `first` to `last`, both included. */
std::int64_t
count_within_year(const day_pattern& p, year_month_day first, year_month_day last) noexcept
{
    if (!p.years[index_of(static_cast<int>(first.year()))]) return 0;
    const auto begin = static_cast<unsigned>(first.month());
    const auto end = static_cast<unsigned>(last.month());
    std::int64_t found = 0;
    for (std::uint64_t left = at_least(below(p.months, end + 1), begin); left != 0;
         left &= left - 1) {
        const unsigned month = lowest(left);
        std::uint64_t fits = p.days_of({first.year(), std::chrono::month{month}});
        if (month == begin) fits = at_least(fits, static_cast<unsigned>(first.day()));
        if (month == end) fits = below(fits, static_cast<unsigned>(last.day()) + 1);
        found += std::popcount(fits);
    }
    return found;
}

/** The first second of `s` at or after `at`. */
std::optional<microseconds> first_step(const second_steps& s, microseconds at) noexcept
{
    if (at <= s.first) return s.first;
    const microseconds found =
        s.first + (at - s.first + s.step - microseconds{1}) / s.step * s.step;
    return found <= s.last ? std::optional(found) : std::nullopt;
}

/** The last second of `s` before `until`. */
std::optional<microseconds> last_step(const second_steps& s, microseconds until) noexcept
{
    if (until <= s.first) return std::nullopt;
    const microseconds end = std::min(until - microseconds{1}, s.last);
    return s.first + (end - s.first) / s.step * s.step;
}

std::optional<microseconds> first_second(const clock_pattern& c, microseconds at) noexcept
{
    std::optional<microseconds> found;
    const auto whole = static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(at).count());
    if (const std::uint64_t left = at_least(c.seconds, whole); left != 0)
        found = std::chrono::seconds{lowest(left)};
    for (const second_steps& s : c.fractions)
        if (const auto step = first_step(s, at); step && (!found || *step < *found)) found = step;
    return found;
}

std::optional<microseconds> last_second(const clock_pattern& c, microseconds until) noexcept
{
    std::optional<microseconds> found;
    const auto whole =
        static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(until).count());
    if (const std::uint64_t left = below(c.seconds, whole); left != 0)
        found = std::chrono::seconds{highest(left)};
    for (const second_steps& s : c.fractions)
        if (const auto step = last_step(s, until); step && (!found || *step > *found)) found = step;
    return found;
}

std::int64_t count_seconds(const clock_pattern& c, microseconds until) noexcept
{
    if (c.fractions.empty()) {
        const auto whole =
            static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(until).count());
        return std::popcount(below(c.seconds, whole));
    }
    // Steps may meet, so their numbers do not add up. A schedule has at most 600 a minute.
    std::int64_t count = 0;
    for (auto at = first_second(c, microseconds{0}); at && *at < until;
         at = first_second(c, *at + microseconds{1}))
        ++count;
    return count;
}

/** The second of a minute behind `n` others. */
microseconds nth_second(const clock_pattern& c, std::int64_t n) noexcept
{
    if (c.fractions.empty()) return std::chrono::seconds{nth_of(c.seconds, n)};
    auto at = first_second(c, microseconds{0});
    for (; at && n > 0; --n) at = first_second(c, *at + microseconds{1});
    return at.value_or(microseconds{0});
}

/** A time of day in parts. */
struct clock_parts {
    unsigned hour;
    unsigned minute;
    microseconds second; // within the minute

    explicit clock_parts(microseconds of_day) noexcept
        : hour(static_cast<unsigned>(of_day / 1h)),
          minute(static_cast<unsigned>(of_day % 1h / 1min)), second(of_day % 1min)
    {}
};

constexpr microseconds join(unsigned hour, unsigned minute, microseconds second) noexcept
{
    return std::chrono::hours{hour} + std::chrono::minutes{minute} + second;
}

} // namespace

std::uint32_t day_pattern::days_of(year_month month) const noexcept
{
    const month_shape shape(month);
    const std::uint32_t by_number = days_by_number(*this, shape);
    const std::uint32_t by_weekday = days_by_weekday(*this, shape);
    return either ? by_number | by_weekday : by_number & by_weekday;
}

std::optional<local_days> day_pattern::first_from(local_days from) const noexcept
{
    if (from >= end_of_dates) return std::nullopt;
    const year_month_day start{
        std::max(from, std::chrono::floor<std::chrono::days>(begin_of_dates))};
    auto month = static_cast<unsigned>(start.month());
    auto day = static_cast<unsigned>(start.day());
    for (int year = static_cast<int>(start.year()); year <= last_year; ++year, month = 1, day = 1) {
        if (!years[index_of(year)]) continue;
        for (std::uint64_t left = at_least(months, month); left != 0; left &= left - 1) {
            const unsigned m = lowest(left);
            const year_month in{std::chrono::year{year}, std::chrono::month{m}};
            const std::uint64_t fits = at_least(days_of(in), m == month ? day : 1);
            if (fits != 0) return local_days{in / std::chrono::day{lowest(fits)}};
        }
    }
    return std::nullopt;
}

std::optional<local_days> day_pattern::last_before(local_days until) const noexcept
{
    if (until <= begin_of_dates) return std::nullopt;
    const year_month_day end{
        std::min(until, std::chrono::floor<std::chrono::days>(end_of_dates)) -
        std::chrono::days{1}};
    auto month = static_cast<unsigned>(end.month());
    auto day = static_cast<unsigned>(end.day());
    for (int year = static_cast<int>(end.year()); year >= first_year;
         --year, month = 12, day = 31) {
        if (!years[index_of(year)]) continue;
        for (std::uint64_t left = below(months, month + 1); left != 0;) {
            const unsigned m = highest(left);
            const year_month in{std::chrono::year{year}, std::chrono::month{m}};
            const std::uint64_t fits = below(days_of(in), m == month ? day + 1 : 32);
            if (fits != 0) return local_days{in / std::chrono::day{highest(fits)}};
            left = below(left, m);
        }
    }
    return std::nullopt;
}

std::int64_t day_pattern::count(local_days from, local_days until) const noexcept
{
    from = std::max(from, std::chrono::floor<std::chrono::days>(begin_of_dates));
    until = std::min(until, std::chrono::floor<std::chrono::days>(end_of_dates));
    if (from >= until) return 0;
    const year_month_day first{from};
    const year_month_day last{until - std::chrono::days{1}};
    if (first.year() == last.year()) return count_within_year(*this, first, last);

    year_sizes sizes(*this);
    std::int64_t found = count_within_year(*this, first, first.year() / 12 / 31) +
                         count_within_year(*this, last.year() / 1 / 1, last);
    for (int y = static_cast<int>(first.year()) + 1; y < static_cast<int>(last.year()); ++y)
        found += sizes.of(y);
    return found;
}

std::optional<local_days> day_pattern::nth_from(local_days from, std::int64_t n) const noexcept
{
    from = std::max(from, std::chrono::floor<std::chrono::days>(begin_of_dates));
    if (from >= end_of_dates) return std::nullopt;
    // Counted from the begin of its year.
    const std::chrono::year first = year_month_day{from}.year();
    n += count(local_days{first / 1 / 1}, from);
    year_sizes sizes(*this);
    int year = static_cast<int>(first);
    for (; year <= last_year && n >= sizes.of(year); ++year) n -= sizes.of(year);
    if (year > last_year) return std::nullopt;
    for (std::uint64_t left = months; left != 0; left &= left - 1) {
        const year_month in{std::chrono::year{year}, std::chrono::month{lowest(left)}};
        const std::uint64_t fits = days_of(in);
        const int here = std::popcount(fits);
        if (n < here) return local_days{in / std::chrono::day{nth_of(fits, n)}};
        n -= here;
    }
    return std::nullopt;
}

bool day_pattern::contains(local_days day) const noexcept
{
    if (day < begin_of_dates || day >= end_of_dates) return false;
    const year_month_day date{day};
    return years[index_of(static_cast<int>(date.year()))] &&
           (months >> static_cast<unsigned>(date.month()) & 1) != 0 &&
           (days_of({date.year(), date.month()}) >> static_cast<unsigned>(date.day()) & 1) != 0;
}

std::optional<microseconds> clock_pattern::first_from(microseconds from) const noexcept
{
    if (from >= whole_day) return std::nullopt;
    const clock_parts at(from);
    const bool is_now = (hours >> at.hour & 1) != 0;
    if (is_now && (minutes >> at.minute & 1) != 0)
        if (const auto second = first_second(*this, at.second))
            return join(at.hour, at.minute, *second);

    const auto second = first_second(*this, microseconds{0});
    if (!second || minutes == 0) return std::nullopt;
    if (const auto left = at_least(minutes, at.minute + 1); is_now && left != 0)
        return join(at.hour, lowest(left), *second);
    const auto left = at_least(hours, at.hour + 1);
    if (left == 0) return std::nullopt;
    return join(lowest(left), lowest(minutes), *second);
}

std::optional<microseconds> clock_pattern::last_before(microseconds until) const noexcept
{
    if (until <= microseconds{0}) return std::nullopt;
    const clock_parts at(std::min(until, whole_day) - microseconds{1});
    const bool is_now = (hours >> at.hour & 1) != 0;
    if (is_now && (minutes >> at.minute & 1) != 0)
        if (const auto second = last_second(*this, at.second + microseconds{1}))
            return join(at.hour, at.minute, *second);

    const auto second = last_second(*this, 1min);
    if (!second || minutes == 0) return std::nullopt;
    if (const auto left = below(minutes, at.minute); is_now && left != 0)
        return join(at.hour, highest(left), *second);
    const auto left = below(hours, at.hour);
    if (left == 0) return std::nullopt;
    return join(highest(left), highest(minutes), *second);
}

std::int64_t clock_pattern::count_before(microseconds until) const noexcept
{
    if (until <= microseconds{0}) return 0;
    const std::int64_t per_minute = count_seconds(*this, 1min);
    const std::int64_t per_hour = per_minute * std::popcount(minutes);
    if (until >= whole_day) return per_hour * std::popcount(hours);

    const clock_parts at(until);
    std::int64_t found = per_hour * std::popcount(below(hours, at.hour));
    if ((hours >> at.hour & 1) == 0) return found;
    found += per_minute * std::popcount(below(minutes, at.minute));
    if ((minutes >> at.minute & 1) == 0) return found;
    return found + count_seconds(*this, at.second);
}

microseconds clock_pattern::nth(std::int64_t n) const noexcept
{
    const std::int64_t per_minute = count_seconds(*this, 1min);
    const std::int64_t per_hour = per_minute * std::popcount(minutes);
    return join(
        nth_of(hours, n / per_hour), nth_of(minutes, n % per_hour / per_minute),
        nth_second(*this, n % per_minute));
}

std::optional<local_instant> local_pattern::first_from(local_instant from) const noexcept
{
    from = std::max(from, begin_of_dates);
    const auto day = std::chrono::floor<std::chrono::days>(from);
    if (days.contains(day))
        if (const auto time = clock.first_from(from - day)) return day + *time;
    const auto time = clock.first_from(microseconds{0});
    if (!time) return std::nullopt;
    const auto later = days.first_from(day + std::chrono::days{1});
    return later ? std::optional<local_instant>(*later + *time) : std::nullopt;
}

std::optional<local_instant> local_pattern::last_before(local_instant until) const noexcept
{
    until = std::min(until, end_of_dates);
    const auto day = std::chrono::floor<std::chrono::days>(until);
    if (days.contains(day))
        if (const auto time = clock.last_before(until - day)) return day + *time;
    const auto time = clock.last_before(whole_day);
    if (!time) return std::nullopt;
    const auto earlier = days.last_before(day);
    return earlier ? std::optional<local_instant>(*earlier + *time) : std::nullopt;
}

std::int64_t local_pattern::count(local_instant from, local_instant until) const noexcept
{
    from = std::max(from, begin_of_dates);
    until = std::min(until, end_of_dates);
    if (from >= until) return 0;
    const auto first = std::chrono::floor<std::chrono::days>(from);
    const auto last = std::chrono::floor<std::chrono::days>(until);
    std::int64_t found = days.count(first, last) * clock.count_before(whole_day);
    if (days.contains(last)) found += clock.count_before(until - last);
    if (days.contains(first)) found -= clock.count_before(from - first);
    return found;
}

std::optional<local_instant>
local_pattern::nth_from(local_instant from, std::int64_t n) const noexcept
{
    from = std::max(from, begin_of_dates);
    const std::int64_t per_day = clock.count_before(whole_day);
    if (per_day == 0 || from >= end_of_dates) return std::nullopt;
    // Counted from the begin of its day.
    const auto first = std::chrono::floor<std::chrono::days>(from);
    if (days.contains(first)) n += clock.count_before(from - first);
    const auto day = days.nth_from(first, n / per_day);
    return day ? std::optional<local_instant>(*day + clock.nth(n % per_day)) : std::nullopt;
}

} // namespace carillon
