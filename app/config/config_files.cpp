#include "config/config_files.hpp"

#include "base/read_file.hpp"
#include "config/toml_file.hpp"
#include <carillon/detail/text.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <glob.h>

namespace carillon::app {
namespace {

/// Far above a hundred thousand jobs; a larger one is a mistake such as /dev/zero.
constexpr std::size_t max_config_bytes = std::size_t{256} * 1024 * 1024;

constexpr const char* wildcards = "*?[";

/** `text` with what glob(7) takes for a pattern made literal. */
std::string without_wildcards(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\' || std::string_view(wildcards).find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

/** What glob(3) met. Its callback can tell it in no other way. */
struct glob_fault {
    std::string path{};
    int error = 0;
};

thread_local glob_fault fault;

int keep_fault(const char* path, int error)
{
    // A pattern in a folder that is missing matches nothing.
    if (error == ENOENT || error == ENOTDIR) return 0;
    fault = {path, error};
    return 1;
}

/** Whether a quoted part is a number, in whatever form. */
bool is_numeric(std::string_view text)
{
    return text.find_first_not_of("0123456789abcdefABCDEFxo+-_.") == std::string_view::npos;
}

/** The parser's words. It quotes a number that is too long, which may be a key without its quotes;
 * names of tables are shown. */
std::string syntax_problem(std::string_view description)
{
    std::string out(description);
    if (out.find("cannot ") != std::string::npos) return out;
    std::size_t from = out.find('\'');
    while (from != std::string::npos) {
        const std::size_t to = out.find('\'', from + 1);
        if (to == std::string::npos) break;
        const std::string_view quoted = std::string_view(out).substr(from + 1, to - from - 1);
        if (quoted.size() > 4 && is_numeric(quoted)) {
            out.replace(from + 1, quoted.size(), "...");
            from = out.find('\'', from + 5);
        } else {
            from = to;
        }
    }
    return out;
}

error_code system_error(int code) { return {code, boost::system::system_category()}; }

} // namespace

const config_file* config_files::open(const std::string& path)
{
    is_new(path);
    auto text = read_file(path, max_config_bytes);
    if (!text) {
        reading_.errors.push_back({path, {}, "", "cannot be read: " + describe(text.error())});
        lacks_some_ = true;
        return nullptr;
    }
    return parse(path, std::move(*text)) ? &files_.back() : nullptr;
}

bool config_files::parse(const std::string& path, std::string text)
{
    config_file& file = files_.emplace_back(path, std::move(text));
    const auto mistake = parse_toml(file.content);
    if (!mistake) return true;
    files_.pop_back();
    reading_.errors.push_back({path, mistake->place, "", syntax_problem(mistake->what)});
    lacks_some_ = true;
    return false;
}

bool config_files::is_new(const std::string& path)
{
    std::error_code missing;
    const auto real = std::filesystem::canonical(path, missing);
    return missing || opened_.insert(real.string()).second;
}

void config_files::include(table_reader& in, const config_file& from, const std::string& pattern)
{
    if (pattern.empty()) return in.fail("include", "an include cannot be empty");
    const std::filesystem::path folder = std::filesystem::path(from.path).parent_path();
    if (pattern.find_first_of(wildcards) == std::string::npos)
        return include_file(in, (folder / pattern).string());
    const std::filesystem::path literal = without_wildcards(folder.string());
    for (const std::string& path : matches(in, (literal / pattern).string()))
        include_file(in, path);
}

std::vector<std::string> config_files::matches(table_reader& in, const std::string& pattern)
{
    fault = {};
    glob_t found{};
    const int r = ::glob(pattern.c_str(), 0, keep_fault, &found);
    std::vector<std::string> out;
    if (r == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (r != 0 && r != GLOB_NOMATCH) {
        const error_code why = system_error(r == GLOB_NOSPACE ? ENOMEM : fault.error);
        in.fail("include", fmt::format("cannot search {}: {}", fault.path, describe(why)));
        lacks_some_ = true;
    }
    return out;
}

void config_files::include_file(table_reader& in, const std::string& path)
{
    if (!is_new(path)) return;
    auto text = read_file(path, max_config_bytes);
    if (text) {
        parse(path, std::move(*text));
        return;
    }
    lacks_some_ = true;
    const bool is_missing = text.error() == boost::system::errc::no_such_file_or_directory;
    in.fail(
        "include", is_missing ? fmt::format("there is no file {}", path)
                              : fmt::format("cannot read {}: {}", path, describe(text.error())));
}

} // namespace carillon::app
