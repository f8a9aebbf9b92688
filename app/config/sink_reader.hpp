#pragma once

#include "config/config_files.hpp"
#include "config/table_reader.hpp"
#include "log/sinks.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** What the filters of sinks must know of the jobs that are written. */
struct written_jobs {
    std::vector<std::string_view> names{};
    std::function<bool(const std::string& name)> exists;
    /// Whether it runs after other jobs, and so is no chain.
    std::function<bool(const std::string& name)> waits;
};

/** Reads `[[log.sinks]]`. */
class sink_reader {
public:
    explicit sink_reader(reading& r) : reading_(r) {}

    /** Reads the table `log` of a file, which must outlive this. */
    void read_log(const config_file& file, const toml::table& log, std::vector<sink_options>& out);

    /** Tells which filters name no job or chain. */
    void check_filters(const written_jobs& jobs);

private:
    struct filter {
        const config_file* file;
        const toml::table* table;
        bool is_chain;
        std::string name;
    };

    sink_options read_sink(const config_file& file, const toml::table& table);
    void read_filters(
        table_reader& t, const config_file& file, const toml::table& table, sink_options& o);

    reading& reading_;
    std::vector<filter> filters_;
};

} // namespace carillon::app
