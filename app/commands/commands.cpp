#include "commands/commands.hpp"

#include "base/exit_code.hpp"
#include "base/terminal.hpp"
#include "commands/batch.hpp"
#include "commands/next.hpp"
#include "commands/store_commands.hpp"
#include "config/config.hpp"
#include "demo/demo.hpp"
#include "service/daemon.hpp"
#include "service/one_run.hpp"
#include "simulate/simulate.hpp"
#include "text/describe.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/version.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/resource.h>

namespace carillon::app {
namespace {

std::string default_path()
{
    const char* path = std::getenv("CARILLON_CONFIG"); // NOLINT(concurrency-mt-unsafe)
    return path != nullptr && *path != '\0' ? path : "/etc/carillon/carillon.toml";
}

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

/** The job's own index, or nothing after what is wrong was printed. */
std::optional<job_index> find_job_or_tell(const job_set& jobs, const std::string& name)
{
    const auto found = jobs.find(name);
    if (found) return found;
    print_error(no_such_job(jobs, name));
    return std::nullopt;
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

int command_status(const std::string& path, bool as_json)
{
    auto config = load(path, config_use::look);
    return config ? show_status(std::move(*config), as_json) : exit_usage;
}

int command_batch()
{
    if (answer_lines(stdin, stdout)) return 0;
    print_error("cannot write to standard output");
    return 1;
}

void add_next_options(CLI::App& next, next_options& o, bool& as_batch)
{
    auto* what = next.add_option_group("what", "One of these");
    what->add_option("job", o.job, "The job's name");
    what->add_option("--cron", o.cron, "A cron expression");
    what->add_option("--calendar", o.calendar, "A calendar event as systemd.time(7) has it");
    what->add_option("--every", o.every, "A span, counted from the Unix epoch");
    what->add_flag(
        "--batch", as_batch,
        "Answer lines: kind TAB expression TAB zone TAB from TAB count [TAB name=JOB] [TAB "
        "dst=POLICY]");
    what->require_option(1);
    const CLI::Validator written(
        [](const std::string& text) { return text.empty() ? "must not be empty" : ""; }, "");
    for (auto* option : what->get_options()) option->check(written);
    next.add_option("--count", o.count, "How many (10)")->check(CLI::Range(1, 100'000));
    next.add_option("--tz", o.zone, "Time zone: an IANA name, or local");
    next.add_option("--from", o.from, "After this time, RFC 3339 or local (now)");
    next.add_flag("--utc", o.utc_only, "UTC alone");
    next.add_flag("--json", o.as_json, "For programs");
}

void add_simulate_options(CLI::App& simulate, simulate_options& o)
{
    simulate.add_option("--from", o.from, "Begin at this time, RFC 3339 or UTC (now)");
    simulate.add_option("--for", o.span, "How long (1d)");
    simulate.add_option("--boot", o.boot, "When the machine boots (at --from)");
    simulate.add_option("--down", o.down, "carillon is stopped: T/SPAN");
    simulate.add_option("--off", o.off, "The machine is off: T/SPAN");
    simulate.add_option("--step", o.step, "The clock is set: T/SPAN, also T/-1h");
    simulate.add_option(
        "--reply", o.replies,
        "JOB=OUTCOME/SPAN; else completed/1s. completed, failed, timed_out, unreachable, rejected");
    simulate.add_flag("--json", o.as_json, "A line an event, for programs");
}

void add_history_options(CLI::App& history, history_options& o)
{
    history.add_option("job", o.job, "A job, also one in mid-chain, or a chain's old name (all)");
    history.add_option("--limit", o.limit, "How many ended runs and missed spans (100)")
        ->check(CLI::Range(1, 1'000'000));
    history.add_option("--before", o.before, "Continue where the page before ended")
        ->check(CLI::PositiveNumber);
    history.add_option(
        "--since", o.since, "What ended at this time, RFC 3339 or local, or later; or a span: 2h");
    history.add_option(
        "--outcome", o.outcome,
        "completed, failed, timed_out, unreachable, rejected, cancelled, skipped, interrupted, "
        "missed, running");
    history.add_flag("--json", o.as_json, "For programs");
}

/** The first argument, where it stands for a command that there is not. */
std::optional<std::string> unknown_command(const CLI::App& app, int argc, char** argv)
{
    if (argc < 2 || argv[1][0] == '-') return std::nullopt;
    const std::string name = argv[1];
    const auto commands = app.get_subcommands(nullptr);
    const bool is_known = std::any_of(
        commands.begin(), commands.end(), [&](const CLI::App* c) { return c->get_name() == name; });
    return is_known ? std::nullopt : std::optional(name);
}

std::string no_such_command(const CLI::App& app, const std::string& name)
{
    detail::nearest nearest(name);
    for (const CLI::App* command : app.get_subcommands(nullptr))
        nearest.consider(command->get_name());
    return detail::visible(
        fmt::format("there is no command '{}'{}; see carillon --help", name, nearest.suggestion()));
}

} // namespace

int run_command(int argc, char** argv)
{
    CLI::App app(
        "carillon fires HTTP jobs on time, in order, with timeouts and retries.", "carillon");
    app.set_version_flag("--version", "carillon " + std::string(version()));
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 good; 1 a job failed; 2 usage or configuration; 3 the store is in "
        "memory, which only its daemon can read; 4 no such job or run; 6 could not start, or "
        "no store to read.");

    std::string path = default_path();
    std::string job;
    bool as_json = false;
    demo_options demo;
    const auto add_config = [&](CLI::App* command) {
        command->add_option(
            "-c,--config", path,
            "Configuration file (CARILLON_CONFIG, else /etc/carillon/carillon.toml)");
        return command;
    };
    auto* run =
        add_config(app.add_subcommand("run", "Fire jobs by their schedules, in the foreground"));
    auto* once =
        add_config(app.add_subcommand("once", "Run a job and all that follows it now, and exit"));
    once->add_option("job", job, "The job's name")->required();
    std::string run_asked;
    auto* again = add_config(
        app.add_subcommand("retry", "Run a failed run again, from the job that failed, and exit"));
    again->add_option("run", run_asked, "Its id, or its beginning, as for show")->required();
    auto* check = add_config(app.add_subcommand(
        "check", "Validate the configuration and show jobs, schedules, next instants"));
    check->add_flag("--json", as_json, "For programs");
    bool as_batch = false;
    next_options asked;
    auto* next =
        add_config(app.add_subcommand("next", "Show the next instants of a job or an expression"));
    add_next_options(*next, asked, as_batch);
    simulate_options played;
    auto* play = add_config(app.add_subcommand(
        "simulate", "Play the configuration on a virtual clock and send nothing"));
    add_simulate_options(*play, played);
    auto* status = add_config(
        app.add_subcommand("status", "Show each job with its state, last run and next instant"));
    status->add_flag("--json", as_json, "For programs");
    history_options past;
    auto* history = add_config(
        app.add_subcommand("history", "Show what ran and what was missed, newest first"));
    add_history_options(*history, past);
    auto* one = add_config(app.add_subcommand("show", "Show all that is known of a run"));
    one->add_option(
           "run", run_asked,
           "Its id, or the beginning of it: at least 8 digits, and as many as history prints")
        ->required();
    one->add_flag("--json", as_json, "For programs");
    auto* show = app.add_subcommand("demo", "Run example jobs against an API of carillon's own");
    show->add_option("--runs", demo.runs, "End after so many runs")
        ->check(CLI::Range(1, 1'000'000));
    show->add_option("--dir", demo.directory, "Keep the state in this folder");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        if (const auto name = unknown_command(app, argc, argv)) {
            print_error(no_such_command(app, *name));
            return exit_usage;
        }
        // CLI11 reports help and version as errors, too.
        std::ostringstream out;
        if (app.exit(e, out, std::cerr) != 0) return exit_usage;
        return print_result(out.str());
    }
    if (run->parsed()) return command_run(path);
    if (once->parsed()) return command_once(path, job);
    if (again->parsed()) return command_retry(path, run_asked);
    if (check->parsed()) return command_check(path, as_json);
    if (next->parsed()) return as_batch ? command_batch() : command_next(path, asked);
    if (play->parsed()) return command_simulate(path, played);
    if (status->parsed()) return command_status(path, as_json);
    if (history->parsed()) return command_history(path, past);
    if (one->parsed()) return command_show(path, run_asked, as_json);
    return run_demo(demo);
}

} // namespace carillon::app
