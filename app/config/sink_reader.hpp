#pragma once

#include "config/config_files.hpp"
#include "config/job_tables.hpp"
#include "config/table_reader.hpp"
#include "log/sinks.hpp"

#include <string>
#include <vector>

namespace carillon::app {

/** Reads `[[log.sinks]]`. */
class sink_reader {
public:
    explicit sink_reader(reading& r) : reading_(r) {}

    /** Reads the table `log` of a file, which must outlive this. */
    void read_log(const config_file& file, const toml_table& log, std::vector<sink_options>& out);

    /** Tells which filters name no job or chain. */
    void check_filters(const job_tables& jobs);

private:
    struct filter {
        const config_file* file;
        const toml_table* table;
        bool is_chain;
        std::string name;
    };

    sink_options read_sink(const config_file& file, const toml_table& table);
    void read_filters(
        table_reader& t, const config_file& file, const toml_table& table, sink_options& o);

    reading& reading_;
    std::vector<filter> filters_;
};

} // namespace carillon::app
