#include "time/bit_set.hpp"
#include <carillon/time/local_pattern.hpp>

#include <algorithm>
#include <bit>

namespace carillon {
namespace {

using detail::at_least;
using detail::below;
using detail::bits;
using detail::highest;
using detail::lowest;
using detail::nth_of;
using std::chrono::local_days;
using std::chrono::year_month;
using std::chrono::year_month_day;

/** A month's length and first weekday, from which its days follow. */
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

/** How many dates of a year fit. The number follows from the year's length and its first weekday,
 * so it is worked out once for each of these fourteen kinds of years. */
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
    // Counted from the beginning of its year.
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

} // namespace carillon
