#pragma once

namespace carillon::app {

/** Reads the arguments and does what they ask: the exit code, see exit_code.hpp. */
int run_command(int argc, char** argv);

} // namespace carillon::app
