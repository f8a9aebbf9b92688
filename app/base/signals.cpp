#include "base/signals.hpp"

#include <signal.h>

namespace carillon::app {

void reset_signals()
{
    // A signal that the parent has blocked stays blocked over exec(3): SIGTERM would never arrive.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGXFSZ, SIG_IGN);
}

bool is_ignored(int signal)
{
    struct sigaction now{};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void survive_lost_readers() { ::signal(SIGPIPE, SIG_IGN); }

} // namespace carillon::app
