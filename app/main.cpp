#include "base/exit_code.hpp"
#include "base/signals.hpp"
#include "base/terminal.hpp"
#include "commands/command_line.hpp"

#include <exception>

int main(int argc, char** argv)
{
    carillon::app::reset_signals();
    carillon::app::open_standard_streams();
    try {
        return carillon::app::run_command_line(argc, argv);
    } catch (const std::exception& e) {
        carillon::app::print_error(e.what());
        return carillon::app::exit_cannot_start;
    }
}
