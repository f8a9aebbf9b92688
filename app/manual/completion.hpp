#pragma once

#include "manual/command_texts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// The shells that are known, as their programs are called.
inline constexpr std::string_view known_shells[] = {"bash", "fish", "zsh"};

/** A script that lets a shell complete carillon's commands, options and jobs; empty for a shell
 * that is not known. Names of jobs it asks `carillon completion jobs` for. */
std::string completion_script(std::string_view shell, const command_texts& commands);

/** The same for each of the shells. */
std::string bash_completion(const command_texts& commands);
std::string fish_completion(const command_texts& commands);
std::string zsh_completion(const command_texts& commands);

/** A text within single quotes. */
std::string in_quotes(std::string_view text);

std::vector<const parameter*> options_of(const command_text& c);

/** A command's first argument; null where it has none. */
const parameter* argument_of(const command_text& c);

} // namespace carillon::app
