#include "written_times.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace carillon::test {

bool is_zone(const std::string& name)
{
    if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) return false;
    const std::filesystem::path path = "/usr/share/zoneinfo/" + name;
    std::error_code too_long;
    if (!std::filesystem::is_regular_file(path, too_long)) return false;
    char magic[4] = {};
    std::ifstream{path, std::ios::binary}.read(magic, sizeof magic);
    return std::memcmp(magic, "TZif", sizeof magic) == 0;
}

std::string to_upper(std::string_view text)
{
    std::string upper{text};
    for (char& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return upper;
}

std::vector<std::string> split_at(const std::string& text, char separator)
{
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

std::vector<std::string> split_blanks(std::string_view text)
{
    std::istringstream stream{std::string{text}};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

unsigned last_day(std::chrono::year_month_day date)
{
    const auto last = date.year() / date.month() / std::chrono::last;
    return static_cast<unsigned>(last.day());
}

} // namespace carillon::test
