#include "config/config.hpp"

#include "config/config_files.hpp"
#include "config/job_reader.hpp"
#include "config/problem_places.hpp"
#include "config/sink_reader.hpp"
#include "config/url_reader.hpp"
#include <carillon/detail/last_error.hpp>
#include <carillon/http/tls_files.hpp>
#include <carillon/time/schedule.hpp>
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <malloc.h>
#include <set>
#include <stdexcept>
#include <tuple>
#include <unistd.h>
#include <unordered_map>

namespace carillon::app {
namespace {

/** What a job is and when it runs, with nothing of what it sends. */
job without_request(job j)
{
    return {
        .name = std::move(j.name),
        .title = std::move(j.title),
        .description = std::move(j.description),
        .tags = std::move(j.tags),
        .enabled = j.enabled,
        .overlap = j.overlap,
        .trigger = std::move(j.trigger),
        .url = unread_url};
}

/** Loads the files, reads their tables, and finds the places of the problems that the library
 * reports.
 */
class loader {
public:
    loader(variables from, config_use use) : use_(use)
    {
        reading_.variables = std::move(from);
        reading_.may_lack_values = use == config_use::look;
    }

    boost::system::result<configuration, invalid_configuration> load(const std::string& path)
    {
        const config_file* main = files_.open(path);
        if (main == nullptr) return failure();
        read_main(*main);
        read_proxies();
        // Included files stand behind the main one; they hold jobs only.
        for (const config_file& file : files_.all())
            if (&file != main) read_included(file);
        std::vector<job> jobs = read_jobs();
        if (!writes_jobs_ && !files_.lacks_some())
            reading_.errors.push_back(
                {path, 1, 1, "jobs", "there are no jobs; add a table such as [jobs.my-job]"});
        return finish(std::move(jobs));
    }

private:
    void read_main(const config_file& file)
    {
        table_reader in(reading_, file.path, file.root, {""});
        if (const auto* table = in.table("defaults")) {
            defaults_place_ = {&file, table};
            read_defaults(reading_, file.path, *table, defaults_);
        }
        read_includes(in, file);
        if (const auto* table = in.table("log")) sinks_.read_log(file, *table, out_.sinks);
        if (const auto* table = in.table("runner")) {
            table_reader t(reading_, file.path, *table, {"runner"});
            t.span("shutdown_grace", out_.shutdown_grace);
            if (out_.shutdown_grace > max_span)
                t.fail("shutdown_grace", "must be at most 100 years");
            read_places(t, "max_concurrent", out_.max_concurrent);
            read_places(t, "max_per_origin", out_.max_per_origin);
            t.finish();
        }
        read_memory(in, file);
        add_jobs(in, file);
        in.finish();
    }

    void read_includes(table_reader& in, const config_file& file)
    {
        const values_needed needed(reading_);
        std::vector<std::string> patterns;
        if (in.texts("include", patterns))
            for (const std::string& p : patterns) files_.include(in, file, p);
    }

    void read_memory(table_reader& in, const config_file& file)
    {
        out_.store.path = default_store_path(reading_.variables, ::geteuid() == 0);
        const auto* table = in.table("store");
        if (table != nullptr) read_store(reading_, file.path, *table, out_.store);
        const bool is_said = table != nullptr && table->contains("path");
        if (out_.store.path.empty() && !is_said)
            reading_.errors.push_back(
                {file.path, 1, 1, "store.path",
                 "neither STATE_DIRECTORY nor HOME says where the store is; name a file, or "
                 "\":memory:\" to forget all at each start"});
    }

    static void read_places(table_reader& t, const char* key, std::size_t& places)
    {
        std::int64_t read = 0;
        if (!t.integer(key, read)) return;
        if (read < 1 || read > 100'000) return t.fail(key, "must be from 1 to 100000");
        places = static_cast<std::size_t>(read);
    }

    /** A proxy that cannot be used is an error: whoever set it wants it used. */
    void read_proxies()
    {
        auto found = proxies_of_environment([this](const char* name) {
            const auto value = reading_.variables.environment(name);
            if (value) collect_proxy_secrets(*value, reading_.secrets);
            return value;
        });
        if (found)
            out_.proxies = std::move(*found);
        else if (use_ == config_use::send)
            reading_.errors.push_back(
                {.what = fmt::format(
                     "the environment's {}: {}", found.error().name, found.error().what)});
    }

    void read_included(const config_file& file)
    {
        table_reader in(reading_, file.path, file.root, {""});
        add_jobs(in, file);
        in.finish();
    }

    /** In the order in which they are written, not that of their names. */
    void add_jobs(table_reader& in, const config_file& file)
    {
        const toml::table* jobs = in.table("jobs");
        if (jobs == nullptr) {
            writes_jobs_ = writes_jobs_ || in.any("jobs") != nullptr;
            return;
        }
        const std::size_t first = written_.size();
        written_.reserve(first + jobs->size());
        places_.reserve(first + jobs->size());
        table_reader t(reading_, file.path, *jobs, {"jobs"});
        for (const auto& [key, value] : *jobs) {
            writes_jobs_ = true;
            const std::string_view name = key.str();
            if (!value.is_table()) {
                t.fail_at(value, std::string(name), "must be a table");
                continue;
            }
            const table_place place{&file, value.as_table()};
            const auto [before, is_new] = places_.try_emplace(name, place);
            if (!is_new) tell_twice(key, *before->second.file, file);
            written_.push_back({name, place, is_new});
        }
        std::stable_sort(
            written_.begin() + static_cast<std::ptrdiff_t>(first), written_.end(),
            [](const written_job& a, const written_job& b) {
                const auto& x = a.place.table->source().begin;
                const auto& y = b.place.table->source().begin;
                return std::tie(x.line, x.column) < std::tie(y.line, y.column);
            });
    }

    void tell_twice(const toml::key& key, const config_file& before, const config_file& file)
    {
        const auto& at = key.source().begin;
        reading_.errors.push_back(
            {file.path, at.line, at.column, "jobs." + std::string(key.str()),
             fmt::format("is defined in {} already", before.path)});
    }

    std::vector<job> read_jobs()
    {
        std::vector<job> jobs;
        jobs.reserve(written_.size());
        for (const auto& [name, place, is_new] : written_) {
            job j = read_job(reading_, place.file->path, name, *place.table, defaults_);
            // A job that is defined twice is read only to report its own mistakes.
            if (is_new) jobs.push_back(std::move(j));
        }
        return jobs;
    }

    boost::system::result<configuration, invalid_configuration> finish(std::vector<job> jobs)
    {
        problem_places places(reading_);
        leave_out_lacking(jobs);
        if (defaults_place_.table != nullptr && !lacks_values_of("defaults"))
            places.tell_defaults(defaults_place_, problems_of_defaults());
        auto set = job_set::create(std::move(jobs), reading_.secrets);
        if (set)
            out_.jobs = std::move(*set);
        else
            for (const problem& p : set.error().problems) places.tell_job(places_.at(p.job), p);
        check_filters();
        if (!reading_.errors.empty()) return failure();
        warn_of_past(places);
        warn_of_routes(places);
        out_.warnings = std::move(reading_.warnings);
        out_.lacking = std::move(reading_.lacking);
        return std::move(out_);
    }

    bool lacks_values_of(const std::string& table) const
    {
        return std::any_of(
            reading_.lacking.begin(), reading_.lacking.end(),
            [&](const config_error& e) { return e.key.starts_with(table + "."); });
    }

    /** A key that was left out must not look like a mistake of the job. */
    void leave_out_lacking(std::vector<job>& jobs) const
    {
        if (reading_.lacking.empty()) return;
        const bool all_may = lacks_values_of("defaults");
        for (job& j : jobs)
            if ((all_may || lacks_values_of("jobs." + j.name)) && !find_problems(j).empty())
                j = without_request(std::move(j));
    }

    void warn_of_past(problem_places& places)
    {
        const instant now = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
        for (const job& j : out_.jobs.jobs()) {
            const auto* s = std::get_if<schedule>(&j.trigger);
            // A rate without an end never stops firing.
            if (s == nullptr || follows_elapsed_time(*s) || (s->every && !s->end)) continue;
            const occurrences instants(*s, make_grid(*s, {}));
            if (instants.next_after(now)) continue;
            if (const auto last = instants.last_until(now))
                places.warn_job(
                    places_.at(j.name),
                    {j.name, "schedule",
                     "never fires again: its last time was " + format_utc_short(*last)});
        }
    }

    /** Warns of what cannot work yet, or works but should not. Each is told once, since most of it
     * comes from the defaults. */
    void warn_of_routes(problem_places& places)
    {
        std::set<std::string> told;
        std::set<std::tuple<std::string, std::string, std::string>> tried;
        const auto warn = [&](const job& j, const std::string& key, const std::string& value,
                              std::string what) {
            if (told.insert(key + value).second)
                places.warn_job(places_.at(j.name), {j.name, key, std::move(what)});
        };
        for (const job& j : out_.jobs.jobs()) {
            const tls_options& tls = j.route->tls;
            if (!tls.verify)
                warn(j, "tls.verify", "", "any certificate is taken, and anybody's endpoint");
            const std::pair<const char*, const std::string&> files[] = {
                {"tls.ca_file", tls.ca_file},
                {"tls.cert_file", tls.cert_file},
                {"tls.key_file", tls.key_file}};
            bool can_be_read = true;
            for (const auto& [key, path] : files) {
                if (path.empty() || ::access(path.c_str(), R_OK) == 0) continue;
                can_be_read = false;
                warn(j, key, path, "cannot be read now: " + describe(detail::last_error()));
            }
            if (!can_be_read || !tried.emplace(tls.ca_file, tls.cert_file, tls.key_file).second)
                continue;
            if (const auto wrong = http::find_tls_file_problem(tls))
                warn(
                    j, "tls." + std::string(wrong->key), std::to_string(tried.size()),
                    "cannot be used now: " + wrong->what);
        }
    }

    /** Finds what is wrong with the defaults, also where every job has values of its own. */
    std::vector<problem> problems_of_defaults() const
    {
        job j = defaults_.values;
        j.name = "defaults";
        j.url = "http://localhost/";
        return find_problems(j);
    }

    void check_filters()
    {
        written_jobs known;
        for (const written_job& w : written_) known.names.push_back(w.name);
        known.exists = [this](const std::string& name) { return places_.contains(name); };
        known.waits = [this](const std::string& name) {
            return places_.at(name).table->contains("after");
        };
        sinks_.check_filters(known);
    }

    invalid_configuration failure()
    {
        auto& errors = reading_.errors;
        for (config_error& e : errors) {
            e.key = reading_.secrets.hide(e.key);
            e.what = reading_.secrets.hide(e.what);
        }
        std::stable_sort(
            errors.begin(), errors.end(), [](const config_error& a, const config_error& b) {
                return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
            });
        return {std::move(errors)};
    }

    struct written_job {
        std::string_view name; // in the file's own table
        table_place place;
        bool is_new; // not written before
    };

    config_use use_;
    reading reading_;
    config_files files_{reading_};
    job_defaults defaults_;
    table_place defaults_place_;
    sink_reader sinks_{reading_};
    std::unordered_map<std::string_view, table_place> places_;
    std::vector<written_job> written_;
    bool writes_jobs_ = false; // right or wrong ones
    configuration out_;
};

/** Lets the heap grow in large pieces while a large file is read: with small ones, a seventh of the
 * time for a hundred thousand jobs is spent in asking for them (mallopt(3)). */
class large_heap_steps {
public:
    large_heap_steps() { ::mallopt(M_TOP_PAD, 64 * 1024 * 1024); }
    large_heap_steps(const large_heap_steps&) = delete;
    large_heap_steps& operator=(const large_heap_steps&) = delete;
    ~large_heap_steps() { ::mallopt(M_TOP_PAD, 128 * 1024); } // glibc's own
};

} // namespace

void throw_exception_from_error(const invalid_configuration& e, const boost::source_location&)
{
    throw std::invalid_argument(to_string(e.errors.front()));
}

boost::system::result<configuration, invalid_configuration>
load_configuration(const std::string& path, variables from, config_use use)
{
    const large_heap_steps steps;
    return loader(std::move(from), use).load(path);
}

} // namespace carillon::app
