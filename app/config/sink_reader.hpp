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
    /** The reading must outlive it. */
    explicit sink_reader(reading& r) : reading_(r) {}

    /** Reads `CARILLON_LOG_FORMAT`: the format of each console whose table names none. A
     * container's log is collected by who runs it, not by who wrote its configuration. */
    void read_environment();

    /** One console, in its format, where no sink is named. */
    void add_default(std::vector<sink_options>& out) const;

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
    log_format console_format_ = log_format::text;
    std::vector<filter> filters_;
};

} // namespace carillon::app
