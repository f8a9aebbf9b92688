#pragma once

namespace carillon::app {

/**
 * Sets the signals as the program needs them, whatever the parent left. None is blocked, and a
 * write beyond `ulimit -f` fails with `EFBIG` instead of ending the process. For the start of
 * `main`, before any thread.
 */
void reset_signals();

/** From now on a write to a pipe or socket whose other end is closed fails with `EPIPE`. For
 * commands that run jobs. A command that only prints ends with its reader. */
void survive_lost_readers();

/** Whether this process ignores a signal, as nohup(1) has it ignore SIGHUP. */
bool is_ignored(int signal);

} // namespace carillon::app
