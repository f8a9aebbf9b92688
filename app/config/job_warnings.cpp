#include "config/job_warnings.hpp"

#include <carillon/detail/last_error.hpp>
#include <carillon/http/tls_files.hpp>
#include <carillon/time/schedule.hpp>
#include <carillon/time/timestamp.hpp>

#include <chrono>
#include <set>
#include <string>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace carillon::app {
namespace {

void warn_of_past(const job_set& jobs, const job_tables& tables, problem_places& places)
{
    const instant now = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
    for (const job& j : jobs.jobs()) {
        const auto* s = std::get_if<schedule>(&j.trigger);
        // A rate without an end never stops firing.
        if (s == nullptr || follows_elapsed_time(*s) || (s->every && !s->end)) continue;
        const occurrences instants(*s, make_grid(*s, {}));
        if (instants.next_after(now)) continue;
        if (const auto last = instants.last_until(now))
            places.warn_job(
                tables.place_of(j.name),
                {j.name, "schedule",
                 "never fires again: its last time was " + format_utc_short(*last)});
    }
}

/** Warns of what cannot work yet, or works but should not. Each is told once, since most of it
 * comes from the defaults. */
class tls_warnings {
public:
    tls_warnings(const job_tables& tables, problem_places& places)
        : tables_(tables), places_(places)
    {}

    void look_at(const job& j)
    {
        const tls_options& tls = j.route->tls;
        if (!tls.verify)
            warn(j, "tls.verify", "", "any certificate is taken, and anybody's endpoint");
        const bool is_new = tried_.emplace(tls.ca_file, tls.cert_file, tls.key_file).second;
        if (!can_read_files(j) || !is_new) return;
        if (const auto wrong = http::find_tls_file_problem(tls))
            warn(
                j, "tls." + std::string(wrong->key), std::to_string(tried_.size()),
                "cannot be used now: " + wrong->what);
    }

private:
    bool can_read_files(const job& j)
    {
        const tls_options& tls = j.route->tls;
        const std::pair<const char*, const std::string&> files[] = {
            {"tls.ca_file", tls.ca_file},
            {"tls.cert_file", tls.cert_file},
            {"tls.key_file", tls.key_file}};
        bool can_read = true;
        for (const auto& [key, path] : files) {
            if (path.empty() || ::access(path.c_str(), R_OK) == 0) continue;
            can_read = false;
            warn(j, key, path, "cannot be read now: " + describe(detail::last_error()));
        }
        return can_read;
    }

    void warn(const job& j, const std::string& key, const std::string& value, std::string what)
    {
        if (told_.insert(key + value).second)
            places_.warn_job(tables_.place_of(j.name), {j.name, key, std::move(what)});
    }

    const job_tables& tables_;
    problem_places& places_;
    std::set<std::string> told_;
    std::set<std::tuple<std::string, std::string, std::string>> tried_;
};

} // namespace

void warn_of_jobs(const job_set& jobs, const job_tables& tables, problem_places& places)
{
    warn_of_past(jobs, tables, places);
    tls_warnings tls(tables, places);
    for (const job& j : jobs.jobs()) tls.look_at(j);
}

} // namespace carillon::app
