#include "config/sink_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace carillon::app {
namespace {

constexpr std::pair<std::string_view, log_format> format_words[] = {
    {"text", log_format::text},
    {"json", log_format::json},
    {"logfmt", log_format::logfmt},
    {"classic", log_format::classic}};

/** Whether the type is known. */
bool read_words(table_reader& t, sink_options& o)
{
    if (t.any("type") == nullptr)
        t.fail("type", "a sink needs a type: console, file, journal or syslog");
    const bool knows_type = t.word<sink_type>(
        "type",
        {{"console", sink_type::console},
         {"file", sink_type::file},
         {"journal", sink_type::journal},
         {"syslog", sink_type::syslog}},
        o.type);
    t.word<log_format>("format", format_words, o.format);
    t.word<log_level>(
        "level",
        {{"debug", log_level::debug},
         {"info", log_level::info},
         {"warning", log_level::warning},
         {"error", log_level::error}},
        o.level);
    return knows_type;
}

void read_file_sink(table_reader& t, sink_options& o)
{
    const bool has_path = t.text("path", o.path);
    if (o.path.empty() && (has_path || t.any("path") == nullptr))
        t.fail("path", "a file sink needs a path");
    t.size("max_size", o.max_size);
    if (o.max_size == 0) t.fail("max_size", "must be larger than 0");
    std::int64_t files = o.max_files;
    t.integer("max_files", files);
    if (files < 1 || files > 1000)
        t.fail("max_files", "must be from 1 to 1000");
    else
        o.max_files = static_cast<int>(files);
}

} // namespace

void sink_reader::read_environment()
{
    static constexpr const char* name = "CARILLON_LOG_FORMAT";
    const std::string given = reading_.variables.environment(name).value_or("");
    if (given.empty()) return;
    const auto* const at =
        std::find_if(std::begin(format_words), std::end(format_words), [&](const auto& word) {
            return word.first == given;
        });
    if (at != std::end(format_words))
        console_format_ = at->second;
    else
        reading_.errors.push_back(
            {.what = fmt::format(
                 "the environment's {}: must be 'text', 'json', 'logfmt' or 'classic', not '{}'",
                 name, given)});
}

void sink_reader::add_default(std::vector<sink_options>& out) const
{
    if (out.empty()) out.push_back({.format = console_format_});
}

void sink_reader::read_log(
    const config_file& file, const toml_table& log, std::vector<sink_options>& out)
{
    table_reader t(reading_, file.path, log, {"log"});
    const toml_node* sinks = t.any("sinks");
    const auto* list = sinks != nullptr ? sinks->as_list() : nullptr;
    const bool are_tables =
        list != nullptr && (list->empty() || list->holds_only(toml_node::kind::table));
    if (sinks != nullptr && !are_tables)
        t.fail("sinks", "must be tables, each written as [[log.sinks]]");
    else if (list != nullptr)
        for (const auto& sink : *list) out.push_back(read_sink(file, *sink.as_table()));
    t.finish();
}

sink_options sink_reader::read_sink(const config_file& file, const toml_table& table)
{
    table_reader t(reading_, file.path, table, {"log.sinks"});
    sink_options o{.format = console_format_};
    const bool knows_type = read_words(t, o);
    if (o.type != sink_type::console && t.any("format") == nullptr) o.format = log_format::text;
    read_filters(t, file, table, o);
    if (knows_type && o.type == sink_type::console)
        t.word<bool>("stream", {{"stdout", false}, {"stderr", true}}, o.to_stderr);
    if (knows_type && o.type == sink_type::file) read_file_sink(t, o);
    // Without a known type its other keys cannot be checked.
    if (!knows_type)
        for (const char* key : {"stream", "path", "max_size", "max_files"}) t.any(key);
    t.finish();
    return o;
}

void sink_reader::read_filters(
    table_reader& t, const config_file& file, const toml_table& table, sink_options& o)
{
    if (t.text("chain", o.chain)) filters_.push_back({&file, &table, true, o.chain});
    if (t.text("job", o.job)) filters_.push_back({&file, &table, false, o.job});
}

void sink_reader::check_filters(const job_tables& jobs)
{
    const auto names = jobs.names();
    for (const filter& f : filters_) {
        table_reader t(reading_, f.file->path, *f.table, {"log.sinks"});
        const char* key = f.is_chain ? "chain" : "job";
        if (!jobs.contains(f.name))
            t.fail(key, fmt::format("there is no job '{}'{}", f.name, suggestion(f.name, names)));
        else if (f.is_chain && jobs.place_of(f.name).table->contains("after"))
            t.fail(key, fmt::format("'{}' is no chain: it runs after other jobs", f.name));
    }
}

} // namespace carillon::app
