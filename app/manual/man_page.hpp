#pragma once

#include "manual/command_texts.hpp"

#include <string>
#include <string_view>

namespace carillon::app {

/** The page of man(1) of a command, or with an empty name that of the program, in the language of
 * man(7); empty where there is no such command. */
std::string man_page(std::string_view command, const command_texts& commands);

} // namespace carillon::app
