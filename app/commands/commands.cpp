#include "commands/commands.hpp"

#include "base/exit_code.hpp"
#include "base/terminal.hpp"
#include "commands/batch.hpp"
#include "commands/store_commands.hpp"
#include "config/config.hpp"
#include "service/daemon.hpp"
#include "service/one_run.hpp"
#include "text/describe.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/resource.h>

namespace carillon::app {
namespace {

void print_line_to_stderr(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

/** Each connection needs a descriptor. The soft limit, often 1024, exists for select(2), which is
 * not used here (systemd.exec(5), LimitNOFILE=). */
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/** The configuration, or nothing after its errors were printed. */
std::optional<configuration> load(const std::string& path, config_use use = config_use::send)
{
    auto config = load_configuration(path, process_variables(), use);
    if (config) return std::move(*config);
    for (const config_error& e : config.error().errors) print_line_to_stderr(to_string(e));
    return std::nullopt;
}

config_loader::load_function reloader(const std::string& path)
{
    return [path] { return load_configuration(path, process_variables()); };
}

/** The job's own index, or nothing after what is wrong was printed. */
std::optional<job_index> find_job_or_tell(const job_set& jobs, const std::string& name)
{
    const auto found = jobs.find(name);
    if (found) return found;
    print_error(no_such_job(jobs, name));
    return std::nullopt;
}

} // namespace

int command_run(const std::string& path)
{
    // The configuration is about to be read, so a reload has nothing to add. Until the daemon
    // listens, the signal would end the process.
    ::signal(SIGHUP, SIG_IGN);
    raise_descriptor_limit();
    auto config = load(path);
    if (!config) return exit_usage;
    return daemon(std::move(*config), reloader(path)).run();
}

/** For shells, which complete a line: what is wrong they cannot show. */
int command_jobs(const std::string& path)
{
    const auto config = load_configuration(path, process_variables(), config_use::look);
    if (!config) return exit_usage;
    std::string out;
    for (const job& j : config->jobs.jobs()) out += j.name + "\n";
    return print_result(out);
}

int command_once(const std::string& path, const std::string& job)
{
    auto config = load(path);
    if (!config) return exit_usage;
    if (!find_job_or_tell(config->jobs, job)) return exit_no_job;
    return one_run(std::move(*config)).once(job);
}

int command_retry(const std::string& path, const std::string& run)
{
    auto config = load(path);
    return config ? retry_run(std::move(*config), run) : exit_usage;
}

int command_check(const std::string& path, bool as_json)
{
    const auto config = load(path);
    if (!config) return exit_usage;
    boost::asio::io_context ctx;
    const system_time_source time(ctx.get_executor());
    for (const config_error& w : config->warnings) print_line_to_stderr("warning: " + to_string(w));
    const std::string shown =
        as_json ? jobs_as_json(config->jobs, time) + "\n"
                : fmt::format(
                      "{}: {}, no errors\n\n{}", path, count_of_jobs(config->jobs.size()),
                      describe_jobs(config->jobs, time, standard_output()));
    return print_result(shown);
}

int command_next(const std::string& path, const next_options& o)
{
    boost::asio::io_context ctx;
    const system_time_source time(ctx.get_executor());
    std::optional<configuration> config;
    std::optional<job_index> job;
    if (!o.job.empty()) {
        config = load(path, config_use::look);
        if (!config) return exit_usage;
        job = find_job_or_tell(config->jobs, o.job);
        if (!job) return exit_no_job;
    }
    const auto found = job ? find_next(o, config->jobs, *job, time) : find_next(o, time);
    if (!found) {
        print_error(to_string(found.error()));
        return exit_usage;
    }
    return print_result(
        o.as_json ? as_json(*found) + "\n"
                  : as_table(*found, time.now(), o.utc_only, standard_output()));
}

int command_simulate(const std::string& path, const simulate_options& o)
{
    const auto config = load(path, config_use::look);
    if (!config) return exit_usage;
    for (const config_error& e : config->lacking)
        print_line_to_stderr("warning: left out: " + to_string(e));
    boost::asio::io_context ctx;
    auto what = read_scenario(o, config->jobs, system_time_source(ctx.get_executor()).now());
    if (!what) {
        print_error(to_string(what.error()));
        return exit_usage;
    }
    what->shutdown_grace = config->shutdown_grace;
    simulation_summary summary;
    simulate(config->jobs, *what, [&](const simulated_event& e) {
        buffer_out(o.as_json ? as_json_line(e) : as_line(e));
        if (!o.as_json) summary.add(e);
    });
    return print_result(o.as_json ? "" : summary.text());
}

int command_history(const std::string& path, const history_options& o)
{
    const auto config = load(path, config_use::look);
    return config ? show_history(*config, o) : exit_usage;
}

int command_show(const std::string& path, const std::string& run, bool as_json)
{
    const auto config = load(path, config_use::look);
    return config ? show_run(*config, run, as_json) : exit_usage;
}

int command_status(const std::string& path, const status_options& o)
{
    if (o.as_json && o.is_watched) {
        print_error("--watch shows a table, and no JSON");
        return exit_usage;
    }
    auto config = load(path, config_use::look);
    if (!config) return exit_usage;
    return o.is_watched ? watch_status(std::move(*config))
                        : show_status(std::move(*config), o.as_json);
}

int command_batch()
{
    if (answer_lines(stdin, stdout)) return 0;
    print_error("cannot write to standard output");
    return 1;
}

} // namespace carillon::app
