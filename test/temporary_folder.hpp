#pragma once

#include <filesystem>
#include <string>

namespace carillon::test {

/** A folder of its own, removed with all that is in it at the end. */
class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    /** The path that a file or a socket of this name has; it need not be there. */
    std::string operator/(const std::string& name) const;

    /** Writes a file, in place of an older one, and gives its path. */
    std::string write(const std::string& name, const std::string& text) const;

private:
    std::filesystem::path path_;
};

} // namespace carillon::test
