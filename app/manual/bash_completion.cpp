#include "manual/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace carillon::app {
namespace {

constexpr std::string_view bash_functions =
    R"sh(# Completes carillon's command line in bash. Made by: carillon completion bash
_carillon_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

_carillon_paths() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

_carillon_jobs() {
    local -a options=()
    [[ -z $1 ]] || options=(-c "${1/#\~/$HOME}")
    _carillon_words "$("${COMP_WORDS[0]}" completion jobs "${options[@]}" 2>/dev/null)"
}

_carillon() {
    local current=${COMP_WORDS[COMP_CWORD]} command='' config='' i word
    # In --config=FILE the sign is a word of its own.
    local -a words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do [[ $word == = ]] || words+=("$word"); done
    [[ $current != = ]] || current=
    COMPREPLY=()
    for ((i = 1; i < ${#words[@]}; ++i)); do
        case ${words[i]} in
        -c | --config) ((i + 1 < ${#words[@]})) && config=${words[++i]} ;;
        -*) ;;
        *) command=${command:-${words[i]}} ;;
        esac
    done
)sh";

/** What completes a value; `:`, which does nothing, where it cannot be guessed. */
std::string bash_values(const parameter& p)
{
    switch (p.value) {
    case value_kind::word:
        return fmt::format(
            "_carillon_words {}", in_quotes(fmt::format("{}", fmt::join(p.words, " "))));
    case value_kind::file:
        return "_carillon_paths -f";
    case value_kind::folder:
        return "_carillon_paths -d";
    case value_kind::job:
        return "_carillon_jobs \"$config\"";
    case value_kind::none:
    case value_kind::text:
        break;
    }
    return ":";
}

/** A case for each option that has a value: it is the word before. */
std::string cases_of_values(const command_text& c)
{
    std::string out;
    for (const parameter* o : options_of(c)) {
        if (o->value == value_kind::none) continue;
        const std::string letter =
            o->short_name.empty() ? "" : c.name + ":" + o->short_name + " | ";
        out += fmt::format(
            "    {}{}:{})\n        {}\n        return\n        ;;\n", letter, c.name, o->name,
            bash_values(*o));
    }
    return out;
}

std::string words_of(const command_text& c, const command_texts& commands)
{
    std::vector<std::string> out;
    if (c.name.empty())
        for (const command_text& other : commands)
            if (!other.name.empty()) out.push_back(other.name);
    for (const parameter* o : options_of(c)) {
        if (!o->short_name.empty()) out.push_back(o->short_name);
        out.push_back(o->name);
    }
    return in_quotes(fmt::format("{}", fmt::join(out, " ")));
}

/** Options where a word begins with a dash, else the argument. */
std::string case_of_command(const command_text& c, const command_texts& commands)
{
    const parameter* const argument = argument_of(c);
    const std::string words = "_carillon_words " + words_of(c, commands);
    if (argument == nullptr)
        return fmt::format("    {}) {} ;;\n", c.name.empty() ? "''" : c.name, words);
    return fmt::format(
        "    {})\n        if [[ $current == -* ]]; then {}; else {}; fi\n        ;;\n", c.name,
        words, bash_values(*argument));
}

} // namespace

std::string bash_completion(const command_texts& commands)
{
    std::string out(bash_functions);
    out += "    case $command:${words[-1]} in\n";
    for (const command_text& c : commands) out += cases_of_values(c);
    out += "    esac\n    case $command in\n";
    for (const command_text& c : commands) out += case_of_command(c, commands);
    return out + "    esac\n}\n\ncomplete -F _carillon carillon\n";
}

} // namespace carillon::app
