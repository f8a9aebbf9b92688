#pragma once

namespace carillon::app {

/**
 * Gives the process the signals that it counts on, whatever its parent left: none is blocked, and a
 * write beyond `ulimit -f` is an error (`EFBIG`) instead of the end. For the start of `main`,
 * before any thread.
 */
void reset_signals();

/** From now on a pipe or socket whose other end is closed is an error of the write (`EPIPE`). For
 * commands that run jobs; one that only prints ends with its reader. */
void survive_lost_readers();

/** Whether this process ignores a signal, as nohup(1) has it ignore SIGHUP. */
bool is_ignored(int signal);

} // namespace carillon::app
