#include "commands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

int main(int argc, char** argv)
{
    try {
        return carillon::app::run_command(argc, argv);
    } catch (const std::exception& e) {
        fmt::print(stderr, "carillon: {}\n", e.what());
        return carillon::app::exit_cannot_start;
    }
}
