#include "config.hpp"

#include "job_reader.hpp"
#include <carillon/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <filesystem>
#include <glob.h>
#include <map>
#include <stdexcept>
#include <tuple>

namespace carillon::app {
namespace {

/** One parsed file. */
struct source {
    std::string path;
    toml::table root;
};

/** Where a job was written. */
struct job_place {
    const source* file = nullptr;
    const toml::table* table = nullptr;
};

/** Loads the files, reads their tables, and brings the library's complaints back to their places.
 */
class loader {
public:
    explicit loader(variables from) { reading_.variables = std::move(from); }

    boost::system::result<configuration, invalid_configuration> load(const std::string& path)
    {
        if (!parse(path)) return failure();
        read_main(files_.front());
        // Included files stand behind the main one; they hold jobs only.
        for (std::size_t i = 1; i < files_.size(); ++i) read_included(files_[i]);
        std::vector<job> jobs = read_jobs();
        if (jobs.empty() && reading_.errors.empty())
            reading_.errors.push_back(
                {path, 1, 1, "jobs", "there are no jobs; add a table such as [jobs.my-job]"});
        return finish(std::move(jobs));
    }

private:
    bool parse(const std::string& path)
    {
        toml::parse_result parsed = toml::parse_result();
        try {
            parsed = toml::parse_file(path);
        } catch (const toml::parse_error& e) {
            const auto& at = e.source().begin;
            const bool no_file = at.line == 0;
            const std::string why = no_file
                                        ? fmt::format(
                                              "cannot be read: {}",
                                              std::strerror(errno)) // NOLINT(concurrency-mt-unsafe)
                                        : std::string(e.description());
            reading_.errors.push_back(
                {path, std::max(at.line, 1U), std::max(at.column, 1U), "", why});
            return false;
        }
        files_.push_back({path, std::move(parsed)});
        return true;
    }

    void read_main(const source& file)
    {
        table_reader in(reading_, file.path, file.root, "");
        if (const auto* table = in.table("defaults")) {
            defaults_place_ = {&file, table};
            read_defaults(reading_, file.path, *table, defaults_);
        }
        std::vector<std::string> patterns;
        if (in.texts("include", patterns)) include(in, file, patterns);
        in.table("jobs");
        read_log(in, file);
        if (const auto* table = in.table("runner")) {
            table_reader t(reading_, file.path, *table, "runner");
            t.span("shutdown_grace", out_.shutdown_grace);
            t.finish();
        }
        in.finish();
        add_jobs(file);
    }

    void include(table_reader& in, const source& file, const std::vector<std::string>& patterns)
    {
        const std::filesystem::path base = std::filesystem::path(file.path).parent_path();
        for (const std::string& p : patterns) {
            const std::string pattern = (base / p).string();
            glob_t found{};
            const int r = ::glob(pattern.c_str(), 0, nullptr, &found);
            if (r != 0 && p.find_first_of("*?[") == std::string::npos)
                in.fail("include", fmt::format("there is no file {}", pattern));
            for (std::size_t i = 0; r == 0 && i < found.gl_pathc; ++i) parse(found.gl_pathv[i]);
            ::globfree(&found);
        }
    }

    void read_included(const source& file)
    {
        table_reader in(reading_, file.path, file.root, "");
        in.table("jobs");
        in.finish();
        add_jobs(file);
    }

    void add_jobs(const source& file)
    {
        const auto* jobs = file.root.get_as<toml::table>("jobs");
        if (jobs == nullptr) return;
        for (const auto& [key, value] : *jobs) {
            const auto* table = value.as_table();
            const std::string name(key.str());
            if (table == nullptr) {
                reading_.errors.push_back(
                    {file.path, value.source().begin.line, value.source().begin.column,
                     "jobs." + name, "must be a table"});
                continue;
            }
            if (!places_.try_emplace(name, job_place{&file, table}).second)
                reading_.errors.push_back(
                    {file.path, key.source().begin.line, key.source().begin.column, "jobs." + name,
                     fmt::format("is defined in {} already", places_.at(name).file->path)});
        }
    }

    /** In the order in which they are written, not that of their names. */
    std::vector<job> read_jobs()
    {
        std::vector<std::pair<const std::string*, const job_place*>> order;
        order.reserve(places_.size());
        for (const auto& [name, place] : places_) order.emplace_back(&name, &place);
        const auto position = [](const auto& entry) {
            const auto& at = entry.second->table->source().begin;
            return std::tuple(std::string_view(entry.second->file->path), at.line, at.column);
        };
        std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
            return position(a) < position(b);
        });
        std::vector<job> jobs;
        jobs.reserve(order.size());
        for (const auto& [name, place] : order)
            jobs.push_back(read_job(reading_, place->file->path, *name, *place->table, defaults_));
        return jobs;
    }

    void read_log(table_reader& in, const source& file)
    {
        const auto* table = in.table("log");
        if (table == nullptr) return;
        table_reader t(reading_, file.path, *table, "log");
        const toml::node* sinks = t.any("sinks");
        const auto* list = sinks != nullptr ? sinks->as_array() : nullptr;
        if (sinks != nullptr && (list == nullptr || !list->is_homogeneous<toml::table>()))
            t.fail("sinks", "must be tables, each written as [[log.sinks]]");
        else if (list != nullptr)
            for (const auto& sink : *list) read_sink(file, *sink.as_table());
        t.finish();
    }

    void read_sink(const source& file, const toml::table& table)
    {
        table_reader t(reading_, file.path, table, "log.sinks");
        sink_options o;
        if (t.any("type") == nullptr)
            t.fail("type", "a sink needs a type: console, file, journal or syslog");
        t.word<sink_type>(
            "type",
            {{"console", sink_type::console},
             {"file", sink_type::file},
             {"journal", sink_type::journal},
             {"syslog", sink_type::syslog}},
            o.type);
        t.word<log_format>(
            "format",
            {{"text", log_format::text},
             {"json", log_format::json},
             {"logfmt", log_format::logfmt},
             {"classic", log_format::classic}},
            o.format);
        t.word<log_level>(
            "level",
            {{"debug", log_level::debug},
             {"info", log_level::info},
             {"warning", log_level::warning},
             {"error", log_level::error}},
            o.level);
        if (t.text("chain", o.chain)) filters_.push_back({&file, &table, "chain", o.chain});
        if (t.text("job", o.job)) filters_.push_back({&file, &table, "job", o.job});
        if (o.type == sink_type::console)
            t.word<bool>("stream", {{"stdout", false}, {"stderr", true}}, o.to_stderr);
        if (o.type == sink_type::file) read_file_sink(t, o);
        t.finish();
        out_.sinks.push_back(std::move(o));
    }

    static void read_file_sink(table_reader& t, sink_options& o)
    {
        t.text("path", o.path);
        if (o.path.empty()) t.fail("path", "a file sink needs a path");
        t.size("max_size", o.max_size);
        if (o.max_size == 0) t.fail("max_size", "must be larger than 0");
        std::int64_t files = o.max_files;
        t.integer("max_files", files);
        if (files < 1 || files > 1000)
            t.fail("max_files", "must be from 1 to 1000");
        else
            o.max_files = static_cast<int>(files);
    }

    boost::system::result<configuration, invalid_configuration> finish(std::vector<job> jobs)
    {
        auto set = job_set::create(std::move(jobs), reading_.secrets);
        if (!set) {
            for (const problem& p : set.error().problems) bring_home(p);
        } else {
            check_filters(*set);
            out_.jobs = std::move(*set);
        }
        if (!reading_.errors.empty()) return failure();
        out_.warnings = std::move(reading_.warnings);
        return std::move(out_);
    }

    struct filter_place {
        const source* file;
        const toml::table* table;
        const char* key;
        std::string name;
    };

    void check_filters(const job_set& jobs)
    {
        for (const filter_place& f : filters_) {
            const auto found = jobs.find(f.name);
            table_reader t(reading_, f.file->path, *f.table, "log.sinks");
            if (!found)
                t.fail(f.key, fmt::format("there is no job '{}'", f.name));
            else if (std::string_view(f.key) == "chain" && jobs.chain_of(*found) != *found)
                t.fail(f.key, fmt::format("'{}' is no chain: it runs after other jobs", f.name));
        }
    }

    /** Finds the value that a problem speaks of: in the job's table, else in the defaults, else the
     * job's head. */
    void bring_home(const problem& p)
    {
        const job_place& own = places_.at(p.job);
        const std::string key = "jobs." + p.job + "." + p.key;
        if (p.key == "name") return add(*own.file, *own.table, "jobs." + p.job, p.what);
        if (const auto* n = locate(*own.table, p.key)) return add(*own.file, *n, key, p.what);
        const bool inherited = defaults_place_.table != nullptr;
        if (const auto* n = inherited ? locate(*defaults_place_.table, p.key) : nullptr)
            return add(*defaults_place_.file, *n, "defaults." + p.key, p.what);
        const std::string first = p.key.substr(0, p.key.find('.'));
        const auto* outer = own.table->get(first);
        add(*own.file, outer != nullptr ? *outer : static_cast<const toml::node&>(*own.table), key,
            p.what);
    }

    void
    add(const source& file, const toml::node& at, const std::string& key, const std::string& what)
    {
        const auto& from = at.source().begin;
        const auto same = [&](const config_error& e) {
            return e.file == file.path && e.line == from.line && e.column == from.column &&
                   (e.what == what || e.key == key);
        };
        // Defaults are wrong once, not once for each job; a value of the wrong type has been told
        // already.
        if (std::none_of(reading_.errors.begin(), reading_.errors.end(), same))
            reading_.errors.push_back({file.path, from.line, from.column, key, what});
    }

    static const toml::node* locate(const toml::table& table, std::string_view key)
    {
        const std::size_t dot = key.find('.');
        const toml::node* whole = find_ignoring_case(table, key);
        if (whole != nullptr || dot == std::string_view::npos) return whole;
        const toml::node* outer = table.get(key.substr(0, dot));
        if (outer == nullptr) return nullptr;
        return outer->is_table() ? locate(*outer->as_table(), key.substr(dot + 1)) : outer;
    }

    static const toml::node* find_ignoring_case(const toml::table& table, std::string_view key)
    {
        for (const auto& [name, value] : table)
            if (detail::equals_ignoring_case(name.str(), key)) return &value;
        return nullptr;
    }

    invalid_configuration failure()
    {
        auto& errors = reading_.errors;
        for (config_error& e : errors) e.what = reading_.secrets.hide(e.what);
        std::stable_sort(
            errors.begin(), errors.end(), [](const config_error& a, const config_error& b) {
                return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
            });
        return {std::move(errors)};
    }

    reading reading_;
    std::deque<source> files_; // a deque: places point into it
    job_defaults defaults_;
    job_place defaults_place_;
    std::map<std::string, job_place> places_;
    std::vector<filter_place> filters_;
    configuration out_;
};

} // namespace

void throw_exception_from_error(const invalid_configuration& e, const boost::source_location&)
{
    throw std::invalid_argument(to_string(e.errors.front()));
}

boost::system::result<configuration, invalid_configuration>
load_configuration(const std::string& path, variables from)
{
    return loader(std::move(from)).load(path);
}

} // namespace carillon::app
