#include "manual/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace carillon::app {
namespace {

constexpr std::string_view fish_functions =
    R"sh(# Completes carillon's command line in fish. Made by: carillon completion fish
function __carillon_jobs
    set -l words (commandline -opc)
    set -l config
    for i in (seq (count $words))
        if contains -- $words[$i] -c --config
            set -l next (math $i + 1)
            set config $words[$next]
        else if string match -q -- '--config=*' $words[$i]
            set config (string replace -- --config= '' $words[$i])
        end
    end
    set config (string replace -r '^~' $HOME -- $config)
    test -n "$config"; and set config -c $config
    $words[1] completion jobs $config 2>/dev/null
end

complete -c carillon -f
)sh";

/** Within its quotes fish reads a backslash, too. */
std::string fish_quotes(std::string_view text)
{
    std::string out;
    for (const char c : text) out += c == '\\' ? "\\\\" : std::string(1, c);
    return in_quotes(out);
}

std::string fish_values(const parameter& p)
{
    switch (p.value) {
    case value_kind::none:
        return {};
    case value_kind::word:
        return " -x -a " + in_quotes(fmt::format("{}", fmt::join(p.words, " ")));
    case value_kind::file:
        return " -r -F";
    case value_kind::folder:
        return " -x -a '(__fish_complete_directories)'";
    case value_kind::job:
        return " -x -a '(__carillon_jobs)'";
    case value_kind::text:
        break;
    }
    return " -x";
}

std::string fish_line(const std::string& where, const std::string& what)
{
    return fmt::format("complete -c carillon -n {} {}\n", in_quotes(where), what);
}

std::string fish_option(const parameter& o)
{
    const std::string letter = o.short_name.empty() ? "" : "-s " + o.short_name.substr(1) + " ";
    return fmt::format(
        "{}-l {}{} -d {}", letter, o.name.substr(2), fish_values(o), fish_quotes(o.help));
}

} // namespace

std::string fish_completion(const command_texts& commands)
{
    static constexpr const char* before_a_command = "__fish_use_subcommand";
    std::string out(fish_functions);
    for (const command_text& c : commands) {
        const std::string where =
            c.name.empty() ? before_a_command : "__fish_seen_subcommand_from " + c.name;
        if (!c.name.empty())
            out += fish_line(
                before_a_command, fmt::format("-a {} -d {}", c.name, fish_quotes(c.help)));
        for (const parameter* o : options_of(c)) out += fish_line(where, fish_option(*o));
        const parameter* const argument = argument_of(c);
        if (argument != nullptr && argument->value != value_kind::text)
            out += fish_line(where, fish_values(*argument).substr(1));
    }
    return out;
}

} // namespace carillon::app
