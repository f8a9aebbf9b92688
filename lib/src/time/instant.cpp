#include <carillon/time/instant.hpp>

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace carillon {
namespace {

struct local_fields {
    std::tm tm{};
    std::string offset;
};

local_fields to_local(instant t)
{
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
    local_fields fields;
    ::localtime_r(&seconds, &fields.tm);
    const long minutes = fields.tm.tm_gmtoff / 60;
    fields.offset = fmt::format(
        FMT_COMPILE("{}{:02}:{:02}"), minutes < 0 ? '-' : '+', std::labs(minutes) / 60,
        std::labs(minutes) % 60);
    return fields;
}

std::string date_and_time(const std::tm& tm)
{
    return fmt::format(
        FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}"), tm.tm_year + 1900, tm.tm_mon + 1,
        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
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
    const local_fields fields = to_local(t);
    return date_and_time(fields.tm) + fields.offset;
}

std::string format_local_ms(instant t)
{
    const local_fields fields = to_local(t);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(t) -
                    std::chrono::floor<std::chrono::seconds>(t);
    return fmt::format(
        FMT_COMPILE("{}.{:03}{}"), date_and_time(fields.tm), ms.count(), fields.offset);
}

std::string format_local_short(instant t)
{
    return t == std::chrono::floor<std::chrono::seconds>(t) ? format_local(t) : format_local_ms(t);
}

} // namespace carillon
