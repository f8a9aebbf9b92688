#pragma once

namespace carillon::detail {

/**
 * A place where a test build dies on demand, as by `kill -9`. It dies if `CARILLON_CRASH_AT` in
 * the environment is the place's name, when the place is passed for the `CARILLON_CRASH_AFTER`th
 * time. With `CARILLON_STALL` it waits for so many microseconds instead, like a disk that hangs.
 * Safe from any thread. It does nothing unless the library is built with
 * `CARILLON_CRASH_POINTS`.
 */
#ifdef CARILLON_CRASH_POINTS
void crash_point(const char* name) noexcept;
#else
inline void crash_point(const char*) noexcept {}
#endif

} // namespace carillon::detail
