#include "base/crash_point.hpp"

#ifdef CARILLON_CRASH_POINTS

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <signal.h>
#include <unistd.h>

namespace carillon::detail {

void crash_point(const char* name) noexcept
{
    static const char* const wanted =
        std::getenv("CARILLON_CRASH_AT"); // NOLINT(concurrency-mt-unsafe)
    if (wanted == nullptr || std::strcmp(wanted, name) != 0) return;
    static const char* const after =
        std::getenv("CARILLON_CRASH_AFTER"); // NOLINT(concurrency-mt-unsafe)
    static std::atomic<long> left{after != nullptr ? std::strtol(after, nullptr, 10) : 1};
    if (left.fetch_sub(1) != 1) return;
    static const char* const stall = std::getenv("CARILLON_STALL"); // NOLINT(concurrency-mt-unsafe)
    if (stall == nullptr) ::raise(SIGKILL);
    ::usleep(static_cast<useconds_t>(std::strtol(stall, nullptr, 10)));
}

} // namespace carillon::detail

#endif
