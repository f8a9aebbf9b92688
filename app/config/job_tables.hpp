#pragma once

#include "config/config_files.hpp"
#include "config/job_reader.hpp"
#include "config/table_reader.hpp"
#include <carillon/job/job.hpp>

#include <string_view>
#include <unordered_map>
#include <vector>

namespace carillon::app {

/** Where a table was written. */
struct table_place {
    const config_file* file = nullptr;
    const toml_table* table = nullptr;
};

/** The tables `[jobs.NAME]` of all files of a configuration, each with its place. */
class job_tables {
public:
    /** The reading must outlive it. */
    explicit job_tables(reading& r) : reading_(r) {}

    /** Adds the jobs of a file, in the order in which they are written, not that of their names. A
     * name that another file has already is an error. `in` reads the whole file, which must outlive
     * this. */
    void add(table_reader& in, const config_file& file);

    /** Whether some file has jobs, right or wrong ones. */
    bool has_some() const { return has_some_; }

    /** Reads all jobs over the defaults. */
    std::vector<job> read(const job_defaults& defaults) const;

    /** The names, in the order of the files. */
    std::vector<std::string_view> names() const;

    bool contains(std::string_view name) const { return places_.contains(name); }

    /** Where a job is written; there must be one of this name. */
    const table_place& place_of(std::string_view name) const { return places_.at(name); }

private:
    struct written_job {
        std::string_view name; // in the file's own table
        table_place place;
        bool is_new; // not written before
    };

    void add_job(const toml_entry& e, const toml_table& table, const config_file& file);

    reading& reading_;
    std::unordered_map<std::string_view, table_place> places_;
    std::vector<written_job> written_;
    bool has_some_ = false;
};

} // namespace carillon::app
