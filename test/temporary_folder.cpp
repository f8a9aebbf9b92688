#include "temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <ios>
#include <system_error>

namespace carillon::test {
namespace {

std::filesystem::path make_folder()
{
    // Short, since a socket's path has room for 107 bytes (unix(7)).
    std::string name = std::filesystem::temp_directory_path() / "carillon-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::system_category());
    return name;
}

} // namespace

temporary_folder::temporary_folder() : path_(make_folder()) {}

temporary_folder::~temporary_folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string temporary_folder::operator/(const std::string& name) const { return path_ / name; }

std::string temporary_folder::write(const std::string& name, const std::string& text) const
{
    std::string path = *this / name;
    std::ofstream out;
    out.exceptions(std::ios::failbit | std::ios::badbit);
    out.open(path, std::ios::binary);
    out << text;
    out.close();
    return path;
}

} // namespace carillon::test
