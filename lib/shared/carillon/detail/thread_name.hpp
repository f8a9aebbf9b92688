#pragma once

#include <pthread.h>

namespace carillon::detail {

/** Names the calling thread, for `top -H` and debuggers: at most 15 bytes (pthread_setname_np(3)).
 */
inline void name_this_thread(const char* name) noexcept
{
    ::pthread_setname_np(::pthread_self(), name);
}

} // namespace carillon::detail
