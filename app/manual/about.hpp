#pragma once

#include <string_view>

namespace carillon::app {

/** What a command does, in some sentences; empty where its line of help says all. With an empty
 * name, what the program is. Paragraphs are separated by an empty line; one that is indented is an
 * example. */
std::string_view about(std::string_view command);

} // namespace carillon::app
