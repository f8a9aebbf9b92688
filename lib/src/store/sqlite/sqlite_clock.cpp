#include "store/sqlite/sqlite_clock.hpp"

#include "store/sqlite/sqlite_rows.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace carillon::detail::sqlite {
namespace {

constexpr microseconds longest_downtime = std::chrono::days{7};

microseconds read_since_boot()
{
    timespec ts{};
    ::clock_gettime(CLOCK_BOOTTIME, &ts);
    return std::chrono::seconds{ts.tv_sec} +
           std::chrono::floor<microseconds>(std::chrono::nanoseconds{ts.tv_nsec});
}

instant wall_now() { return std::chrono::floor<microseconds>(std::chrono::system_clock::now()); }

/** Where the clock of the last commit would be now. */
instant read_start(database& db)
{
    statement row(db, "SELECT kept, wall FROM clock", "cannot read the store's clock");
    row.step();
    const microseconds down = wall_now() - instant_of(row.number(1));
    return instant_of(row.number(0)) + std::clamp(down, microseconds{0}, longest_downtime);
}

} // namespace

keeping_clock::keeping_clock(database& db, std::function<microseconds()> since_boot)
    : since_boot_(since_boot ? std::move(since_boot) : read_since_boot), opened_at_(since_boot_()),
      start_(read_start(db)), read_(db, "SELECT kept FROM clock", "cannot read the store's clock"),
      write_(db, "UPDATE OR FAIL clock SET kept = ?1, wall = ?2", "cannot write the store's clock")
{}

instant keeping_clock::now() const { return start_ + (since_boot_() - opened_at_); }

instant keeping_clock::mark()
{
    if (mark_) return *mark_;
    // Another process may be ahead. RETURNING would tell as well, but makes a table for it.
    read_.step();
    const instant latest = std::max(instant_of(read_.number(0)), now());
    read_.reset();
    write_.bind(1, number_of(latest)).bind(2, number_of(wall_now())).run();
    mark_ = latest;
    return latest;
}

} // namespace carillon::detail::sqlite
