#include "config/config.hpp"

#include "config/config_files.hpp"
#include "config/job_reader.hpp"
#include "config/job_tables.hpp"
#include "config/job_warnings.hpp"
#include "config/problem_places.hpp"
#include "config/sink_reader.hpp"
#include "config/url_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <malloc.h>
#include <stdexcept>
#include <tuple>
#include <unistd.h>

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
        if (use_ == config_use::send) sinks_.read_environment();
        read_main(*main);
        read_proxies();
        // Included files stand behind the main one; they hold jobs only.
        for (const config_file& file : files_.all())
            if (&file != main) read_included(file);
        std::vector<job> jobs = jobs_.read(defaults_);
        if (!jobs_.has_some() && !files_.lacks_some())
            reading_.errors.push_back(
                {path, {}, "jobs", "there are no jobs; add a table such as [jobs.my-job]"});
        return finish(std::move(jobs));
    }

private:
    void read_main(const config_file& file)
    {
        table_reader in(reading_, file.path, file.content.root(), {""});
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
            read_limit(t, "max_concurrent", out_.max_concurrent);
            read_limit(t, "max_per_origin", out_.max_per_origin);
            t.finish();
        }
        read_store_table(in, file);
        sinks_.add_default(out_.sinks);
        jobs_.add(in, file);
        in.finish();
    }

    void read_includes(table_reader& in, const config_file& file)
    {
        const values_needed needed(reading_);
        std::vector<std::string> patterns;
        if (in.texts("include", patterns))
            for (const std::string& p : patterns) files_.include(in, file, p);
    }

    void read_store_table(table_reader& in, const config_file& file)
    {
        out_.store.path = default_store_path(reading_.variables, ::geteuid() == 0);
        const auto* table = in.table("store");
        if (table != nullptr) read_store(reading_, file.path, *table, out_.store);
        const bool is_said = table != nullptr && table->contains("path");
        if (out_.store.path.empty() && !is_said)
            reading_.errors.push_back(
                {file.path,
                 {},
                 "store.path",
                 "neither STATE_DIRECTORY nor HOME says where the store is; name a file, or "
                 "\":memory:\" to forget all at each start"});
    }

    static void read_limit(table_reader& t, const char* key, std::size_t& limit)
    {
        std::int64_t read = 0;
        if (!t.integer(key, read)) return;
        if (read < 1 || read > 100'000) return t.fail(key, "must be from 1 to 100000");
        limit = static_cast<std::size_t>(read);
    }

    /** A proxy that cannot be used is an error: it was set to be used. */
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
        table_reader in(reading_, file.path, file.content.root(), {""});
        jobs_.add(in, file);
        in.finish();
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
            for (const problem& p : set.error().problems) places.tell_job(jobs_.place_of(p.job), p);
        sinks_.check_filters(jobs_);
        if (!reading_.errors.empty()) return failure();
        warn_of_jobs(out_.jobs, jobs_, places);
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

    /** Finds what is wrong with the defaults, also where every job has values of its own. */
    std::vector<problem> problems_of_defaults() const
    {
        job j = defaults_.values;
        j.name = "defaults";
        j.url = "http://localhost/";
        return find_problems(j);
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
                return std::tie(a.file, a.place) < std::tie(b.file, b.place);
            });
        return {std::move(errors)};
    }

    config_use use_;
    reading reading_;
    config_files files_{reading_};
    job_defaults defaults_;
    table_place defaults_place_;
    sink_reader sinks_{reading_};
    job_tables jobs_{reading_};
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
