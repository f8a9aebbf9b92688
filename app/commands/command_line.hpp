#pragma once

namespace carillon::app {

/** Reads the arguments and runs the command that they ask for: the exit code, see exit_code.hpp. */
int run_command_line(int argc, char** argv);

} // namespace carillon::app
