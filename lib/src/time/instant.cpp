#include <carillon/time/instant.hpp>

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>

namespace carillon {
namespace {

/** A second of local time in words: its date and time, and the zone's offset. */
struct local_second {
    std::time_t second = 0;
    std::string date_and_time{};
    std::string offset{};
};

local_second local_second_of(std::time_t second)
{
    std::tm tm{};
    ::localtime_r(&second, &tm);
    const long minutes = tm.tm_gmtoff / 60;
    return {
        .second = second,
        .date_and_time = fmt::format(
            FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}"), tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec),
        .offset = fmt::format(
            FMT_COMPILE("{}{:02}:{:02}"), minutes < 0 ? '-' : '+', std::labs(minutes) / 60,
            std::labs(minutes) % 60)};
}

/** The last second is kept: a log has many lines of one. Valid until the next call of the thread.
 */
const local_second& to_local(instant t)
{
    thread_local std::optional<local_second> last;
    const std::time_t second =
        std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
    if (!last || last->second != second) last = local_second_of(second);
    return *last;
}

} // namespace

std::string format_utc(instant t)
{
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss<microseconds> time{t - day};
    const int year = static_cast<int>(date.year());
    std::string out = fmt::format(FMT_COMPILE("{:04}-00-00T00:00:00.000000Z"), year);
    // By hand, since each request and each record has some: fmt takes ten times as long.
    char* at = out.data() + out.size();
    const auto write = [&](std::int64_t value, int digits) {
        --at; // the character behind it
        for (; digits > 0; --digits, value /= 10) *--at = static_cast<char>('0' + value % 10);
    };
    write(time.subseconds().count(), 6);
    write(time.seconds().count(), 2);
    write(time.minutes().count(), 2);
    write(time.hours().count(), 2);
    write(static_cast<unsigned>(date.day()), 2);
    write(static_cast<unsigned>(date.month()), 2);
    return out;
}

std::string format_local(instant t)
{
    const local_second& in_words = to_local(t);
    std::string out;
    out.reserve(in_words.date_and_time.size() + in_words.offset.size());
    return out.append(in_words.date_and_time).append(in_words.offset);
}

std::string format_local_ms(instant t)
{
    const local_second& in_words = to_local(t);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(t) -
                    std::chrono::floor<std::chrono::seconds>(t);
    return fmt::format(
        FMT_COMPILE("{}.{:03}{}"), in_words.date_and_time, ms.count(), in_words.offset);
}

std::string format_local_short(instant t)
{
    return t == std::chrono::floor<std::chrono::seconds>(t) ? format_local(t) : format_local_ms(t);
}

} // namespace carillon
