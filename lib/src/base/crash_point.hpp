#pragma once

namespace carillon::detail {

/**
 * A place where a test build dies on demand: as by `kill -9`, when it is passed for the
 * `CARILLON_CRASH_AFTER`th time and `CARILLON_CRASH_AT` in the environment is its name. Where
 * `CARILLON_STALL` is there, it stands still instead for so many microseconds, as a disk that
 * hangs. Safe from any thread; nothing at all unless the library is built with
 * `CARILLON_CRASH_POINTS`.
 */
#ifdef CARILLON_CRASH_POINTS
void crash_point(const char* name) noexcept;
#else
inline void crash_point(const char*) noexcept {}
#endif

} // namespace carillon::detail
