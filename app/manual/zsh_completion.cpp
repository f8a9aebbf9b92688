#include "manual/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace carillon::app {
namespace {

constexpr std::string_view zsh_functions = R"sh(#compdef carillon
# Completes carillon's command line in zsh. Made by: carillon completion zsh
_carillon_jobs() {
    local config=${(Q)${opt_args[-c]:-${opt_args[--config]}}}
    local -a names
    config=${config/#\~/$HOME}
    names=(${(f)"$($carillon completion jobs ${config:+-c} $config 2>/dev/null)"})
    compadd -a names
}

_carillon() {
    local curcontext=$curcontext carillon=$words[1] state line
    typeset -A opt_args
)sh";

constexpr std::string_view zsh_beginning = R"sh(
if [[ $funcstack[1] == _carillon ]]; then _carillon "$@"; else compdef _carillon carillon; fi
)sh";

/** Within a specification of _arguments brackets and colons are its own. */
std::string zsh_escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_values(const parameter& p)
{
    switch (p.value) {
    case value_kind::word:
        return fmt::format("({})", fmt::join(p.words, " "));
    case value_kind::file:
        return "_files";
    case value_kind::folder:
        return "_files -/";
    case value_kind::job:
        return "_carillon_jobs";
    case value_kind::none:
    case value_kind::text:
        break;
    }
    return " "; // a message, and no completion
}

/** `:NAME:VALUES` */
std::string zsh_value(const parameter& p)
{
    if (p.value == value_kind::none) return {};
    return ":" + (p.is_argument ? p.name : p.name.substr(2)) + ":" + zsh_values(p);
}

std::string zsh_specification(const parameter& p)
{
    if (p.is_argument) return in_quotes((p.is_required ? "" : ":") + zsh_value(p));
    const std::string what = "[" + zsh_escaped(p.help) + "]" + zsh_value(p);
    if (p.may_repeat) return in_quotes("*" + p.name + what);
    if (p.short_name.empty()) return in_quotes(p.name + what);
    const char* const sign = p.value != value_kind::none ? "=" : ""; // also --config=FILE
    return fmt::format("'({0} {1})'{{{0},{1}{2}}}{3}", p.short_name, p.name, sign, in_quotes(what));
}

std::string zsh_specifications(const command_text& c, const char* indent)
{
    std::string out;
    for (const parameter& p : c.parameters)
        out += " \\\n" + std::string(indent) + zsh_specification(p);
    return out;
}

} // namespace

std::string zsh_completion(const command_texts& commands)
{
    std::string list;
    std::string cases;
    for (const command_text& c : commands) {
        if (c.name.empty()) continue;
        list += "            " + in_quotes(c.name + ":" + zsh_escaped(c.help)) + "\n";
        cases += fmt::format(
            "        {}) _arguments{} ;;\n", c.name, zsh_specifications(c, "            "));
    }
    std::string out(zsh_functions);
    out += "    _arguments -C" + zsh_specifications(commands.front(), "        ");
    out += " \\\n        '1:command:->command' '*::argument:->argument' && return\n"
           "    case $state in\n    command)\n        local -a commands=(\n" +
           list +
           "        )\n        _describe -t commands command commands\n        ;;\n"
           "    argument)\n        case $words[1] in\n" +
           cases + "        esac\n        ;;\n    esac\n}\n";
    return out.append(zsh_beginning);
}

} // namespace carillon::app
