#pragma once

#include <pthread.h>
#include <signal.h>

namespace carillon::detail {

/**
 * Blocks all signals in this thread while the object lives. A thread that is started meanwhile
 * inherits that (pthread_sigmask(3)), so no signal interrupts it. Signals belong to the embedder,
 * whose handlers need not be ready for our threads.
 */
class all_signals_blocked {
public:
    all_signals_blocked() noexcept
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~all_signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;

private:
    sigset_t before_{};
};

} // namespace carillon::detail
