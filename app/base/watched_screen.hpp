#pragma once

#include <carillon/time/instant.hpp>

#include <cstddef>
#include <signal.h> // NOLINT(modernize-deprecated-headers): sigset_t is POSIX
#include <string_view>
#include <termios.h>

namespace carillon::app {

/** Whether somebody sits at a terminal: what is typed and what is shown are one. */
bool is_at_terminal();

/**
 * The terminal while a command shows one thing again and again. What stood there before comes back
 * with the destructor, and with it the way in which the terminal takes keys.
 *
 * For a process with one thread: signals that end it wait until the terminal is as it was.
 */
class watched_screen {
public:
    watched_screen();
    ~watched_screen();
    watched_screen(const watched_screen&) = delete;
    watched_screen& operator=(const watched_screen&) = delete;

    /** Shows a text in the place of the one before, as far as it fits; false where that failed. */
    bool show(std::string_view text) const;

    /** Waits; less long where the window changes its size. False where the user wants to leave:
     * `q` was typed, the input has ended, or a signal such as that of Ctrl-C asks to. */
    bool wait(microseconds span);

    /** The signal that ended the wait; 0 where none did. */
    int signal_number() const noexcept { return signal_; }

private:
    bool take_keys();
    bool take_signal();

    termios before_{};
    sigset_t mask_before_{};
    int signals_ = -1; // a descriptor, see signalfd(2)
    int signal_ = 0;
};

} // namespace carillon::app
