#include "manual/completion.hpp"

#include <algorithm>

namespace carillon::app {

std::string completion_script(std::string_view shell, const command_texts& commands)
{
    if (shell == "bash") return bash_completion(commands);
    if (shell == "fish") return fish_completion(commands);
    return shell == "zsh" ? zsh_completion(commands) : "";
}

std::string in_quotes(std::string_view text)
{
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'')
            out += R"('\'')";
        else
            out += c;
    }
    return out + "'";
}

std::vector<const parameter*> options_of(const command_text& c)
{
    std::vector<const parameter*> out;
    for (const parameter& p : c.parameters)
        if (!p.is_argument) out.push_back(&p);
    return out;
}

const parameter* argument_of(const command_text& c)
{
    const auto at = std::find_if(
        c.parameters.begin(), c.parameters.end(), [](const parameter& p) { return p.is_argument; });
    return at != c.parameters.end() ? &*at : nullptr;
}

} // namespace carillon::app
