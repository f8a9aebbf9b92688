#pragma once

#include <string>
#include <vector>

/** What is told of the commands outside of the program: by shells that complete a line, and by
 * pages of man(1). All of it is made from the tables that the command line itself is read with. */
namespace carillon::app {

/** What stands behind an option, or as an argument. */
enum class value_kind {
    /// Nothing: the option is a flag.
    none,
    /// Something that nobody can guess.
    text,
    /// One of @ref parameter::words.
    word,
    file,
    folder,
    /// The name of a job of the configuration.
    job,
};

/** An option of a command, or one of its arguments. */
struct parameter {
    /// `--config`; of an argument its name: `job`.
    std::string name;
    /// `-c`, or empty.
    std::string short_name{};
    std::string help;
    value_kind value = value_kind::none;
    std::vector<std::string> words{};
    bool is_argument = false;
    bool is_required = false;
    bool may_repeat = false;
};

struct command_text {
    /// Empty: the program itself.
    std::string name;
    std::string help;
    /// Some sentences, in paragraphs.
    std::string about{};
    std::vector<parameter> parameters{};
};

/** The program first, then each command in the order of `--help`. */
using command_texts = std::vector<command_text>;

} // namespace carillon::app
