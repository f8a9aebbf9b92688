#pragma once

#include <cstddef>
#include <string_view>

namespace carillon::app {

/**
 * Gives standard input, output and error a /dev/null where the process was started without them, so
 * that no file or socket of the program's own takes their numbers. For the start of `main`.
 */
void open_standard_streams();

/** What whoever reads standard output can be shown. */
struct screen {
    /// A terminal, and neither `NO_COLOR` nor `TERM=dumb` speak against it.
    bool has_colour = false;
    /// Of one line; 0 where a line may have any length.
    std::size_t columns = 0;
};

/** Asks the terminal, if standard output is one. */
screen standard_output();

/** Writes to standard output, with what was buffered; false where that failed. Throws nothing. */
bool print_out(std::string_view text);

/** Writes to standard output in large pieces; whether that goes well the last @ref print_out tells.
 */
void buffer_out(std::string_view text);

/** Writes `carillon: MESSAGE` and a line end to standard error; whoever cannot be told is not. */
void print_error(std::string_view message);

/** Prints a command's result as @ref print_out does. The exit code: 0, or 1 after it has told that
 * standard output cannot be written to. */
int print_result(std::string_view text);

} // namespace carillon::app
