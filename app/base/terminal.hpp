#pragma once

#include <cstddef>
#include <string_view>

namespace carillon::app {

/**
 * Gives standard input, output and error a /dev/null where the process was started without them, so
 * that no file or socket of the program's own takes their numbers. For the start of `main`.
 */
void open_standard_streams();

/** What the reader of standard output can show. */
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

/** Writes to standard output in large pieces. The next @ref print_out tells whether that failed.
 */
void buffer_out(std::string_view text);

/** Writes `carillon: MESSAGE` and a line end to standard error; a failure to write is ignored. */
void print_error(std::string_view message);

/** Prints a command's result as @ref print_out does. The exit code: 0, or 1 after it has told that
 * standard output cannot be written to. */
int print_result(std::string_view text);

} // namespace carillon::app
