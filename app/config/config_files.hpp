#pragma once

#include "config/table_reader.hpp"

#include <deque>
#include <set>
#include <string>
#include <vector>

namespace carillon::app {

/** One parsed file. */
struct config_file {
    config_file(std::string where, std::string text)
        : path(std::move(where)), content(std::move(text))
    {}

    std::string path;
    toml_document content;
};

/** The files of one configuration, in the order in which they were read; what cannot be read or
 * parsed is added to the errors of the reading, which must outlive this. */
class config_files {
public:
    explicit config_files(reading& r) : reading_(r) {}

    /** Adds the file that was asked for; null where it cannot be read. Blocks. */
    const config_file* open(const std::string& path);

    /** Adds what a pattern or plain path names, relative to `from`, but for files that are there
     * already; errors stand at the key `include` of `in`. A pattern may name nothing. Blocks. */
    void include(table_reader& in, const config_file& from, const std::string& pattern);

    const std::deque<config_file>& all() const { return files_; }

    /** Whether a file is missing because it cannot be read or parsed. */
    bool lacks_some() const { return lacks_some_; }

private:
    std::vector<std::string> matches(table_reader& in, const std::string& pattern);
    void include_file(table_reader& in, const std::string& path);
    bool parse(const std::string& path, std::string text);
    bool is_new(const std::string& path);

    reading& reading_;
    std::set<std::string> opened_;  // without links, so that each file is read once
    std::deque<config_file> files_; // a deque: its users keep pointers to files
    bool lacks_some_ = false;
};

} // namespace carillon::app
