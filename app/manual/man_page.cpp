#include "manual/man_page.hpp"

#include "base/exit_code.hpp"
#include <carillon/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace carillon::app {
namespace {

/// What commands of every kind read, and where.
constexpr std::pair<std::string_view, std::string_view> variable_texts[] = {
    {"CARILLON_CONFIG", "The configuration file, where no --config names one."},
    {"CARILLON_LOG_FORMAT",
     "The format of console sinks whose table names none: text, json, logfmt or classic."},
    {"STATE_DIRECTORY, XDG_STATE_HOME, HOME", "Where the store is, unless the file says so."},
    {"TZ", "The zone of the times that are shown, and of those that are written without one."},
    {"NO_COLOR, TERM=dumb", "No colours on a terminal."},
};

constexpr std::pair<std::string_view, std::string_view> file_texts[] = {
    {"/etc/carillon/carillon.toml", "The configuration."},
    {"/var/lib/carillon/carillon.db", "The store of a daemon that root started."},
    {"~/.local/state/carillon/carillon.db", "The store of any other user."},
};

/** Without this, some are shown as typographic signs, which cannot be copied into a shell. */
std::string character_in_roff(char c)
{
    switch (c) {
    case '-':
        return "\\-";
    case '\\':
        return "\\e";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '~':
        return "\\(ti";
    case '^':
        return "\\(ha";
    default:
        return {c};
    }
}

/** A text as roff takes it: a hyphen is a minus, and no line is a request. */
std::string in_roff(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool begins_line = i == 0 || text[i - 1] == '\n';
        if (begins_line && c == '.') out += "\\&";
        out += character_in_roff(c);
    }
    return out;
}

std::string upper(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return out;
}

std::string bold(std::string_view text) { return "\\fB" + in_roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + in_roff(text) + "\\fR"; }

std::string page_name(const command_text& c)
{
    return c.name.empty() ? "carillon" : "carillon-" + c.name;
}

std::string man_head(const command_text& c)
{
    std::string help = c.help;
    if (help.ends_with('.')) help.pop_back();
    if (!help.empty() && help.front() >= 'A' && help.front() <= 'Z')
        help.front() = static_cast<char>(help.front() - 'A' + 'a');
    return fmt::format(
        ".TH {} 1 \"\" \"carillon {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n",
        in_roff(upper(page_name(c))), in_roff(version()), in_roff(page_name(c)), in_roff(help));
}

std::string synopsis(const command_text& c)
{
    std::string out = ".SH SYNOPSIS\n" + bold("carillon");
    out += " " + (c.name.empty() ? italic("COMMAND") : bold(c.name)) + " [" + italic("OPTION") +
           "]...";
    for (const parameter& p : c.parameters) {
        if (!p.is_argument) continue;
        const std::string name = italic(upper(p.name));
        out += p.is_required ? " " + name : " [" + name + "]";
    }
    return out + "\n";
}

std::string man_entry(const std::string& term, std::string_view text)
{
    return ".TP\n" + term + "\n" + in_roff(text) + "\n";
}

/** A blank line between paragraphs; one that is indented is an example. */
std::string description(const command_text& c)
{
    std::string out = ".SH DESCRIPTION\n";
    const std::string about = c.about.empty() ? c.help : c.about;
    for (std::size_t begin = 0; begin < about.size();) {
        const std::size_t end = std::min(about.find("\n\n", begin), about.size());
        const std::string_view paragraph = std::string_view(about).substr(begin, end - begin);
        if (begin > 0) out += ".PP\n";
        if (paragraph.starts_with("  "))
            out += ".EX\n" + in_roff(paragraph) + "\n.EE\n";
        else
            out += in_roff(paragraph) + "\n";
        begin = end + 2;
    }
    return out;
}

std::string man_options(const command_text& c)
{
    std::string out = ".SH OPTIONS\n";
    for (const parameter& p : c.parameters) {
        if (p.is_argument) {
            out += man_entry(italic(upper(p.name)), p.help);
            continue;
        }
        std::string term = p.short_name.empty() ? "" : bold(p.short_name) + ", ";
        term += bold(p.name);
        if (p.value != value_kind::none) term += " " + italic(upper(p.name.substr(2)));
        out += man_entry(term, p.help);
    }
    return out;
}

std::string list_of(const command_texts& commands)
{
    std::string out = ".SH COMMANDS\n";
    for (const command_text& c : commands)
        if (!c.name.empty()) out += man_entry(bold(page_name(c)) + "(1)", c.help);
    return out;
}

std::string exit_status()
{
    std::string out = ".SH EXIT STATUS\n";
    for (const auto& [code, meaning] : exit_codes)
        out += man_entry(bold(std::to_string(code)), meaning);
    return out;
}

template <class Table>
std::string section(const char* title, const Table& table)
{
    std::string out = fmt::format(".SH {}\n", title);
    for (const auto& [name, meaning] : table) out += man_entry(bold(name), meaning);
    return out;
}

std::string see_also(const command_text& c, const command_texts& commands)
{
    std::string out = ".SH SEE ALSO\n";
    if (!c.name.empty()) return out + bold("carillon") + "(1)\n";
    std::string list;
    for (const command_text& other : commands)
        if (!other.name.empty())
            list += (list.empty() ? "" : ",\n") + bold(page_name(other)) + "(1)";
    return out + list + "\n";
}

} // namespace

std::string man_page(std::string_view command, const command_texts& commands)
{
    const auto at = std::find_if(
        commands.begin(), commands.end(), [&](const command_text& c) { return c.name == command; });
    if (at == commands.end()) return {};
    std::string out = man_head(*at) + synopsis(*at) + description(*at);
    if (at->name.empty()) out += list_of(commands);
    return out + man_options(*at) + exit_status() + section("ENVIRONMENT", variable_texts) +
           section("FILES", file_texts) + see_also(*at, commands);
}

} // namespace carillon::app
