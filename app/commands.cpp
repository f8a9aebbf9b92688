#include "commands.hpp"

#include "batch.hpp"
#include "config.hpp"
#include "daemon.hpp"
#include "demo/demo.hpp"
#include "describe.hpp"
#include "terminal.hpp"
#include <carillon/version.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <signal.h>
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

/** A connection is a descriptor: of the two limits the soft one, often 1024, is there for
 * select(2), which is not used here (systemd.exec(5), LimitNOFILE=). */
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/** The configuration, or nothing after its errors were printed. */
std::optional<configuration> load(const std::string& path)
{
    auto config = load_configuration(path, process_variables());
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
    // What is read now is new enough; until the daemon listens, the signal would end the process.
    ::signal(SIGHUP, SIG_IGN);
    raise_descriptor_limit();
    auto config = load(path);
    return config ? daemon(std::move(*config), reloader(path)).run() : exit_usage;
}

int command_once(const std::string& path, const std::string& job)
{
    auto config = load(path);
    if (!config) return exit_usage;
    const int code = daemon(std::move(*config), {}).once(job);
    if (code == 4) print_error(fmt::format("there is no job '{}'", job));
    return code;
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
                      describe_jobs(config->jobs, time));
    if (print_out(shown)) return 0;
    print_error("cannot write to standard output");
    return 1;
}

int command_batch()
{
    if (answer_lines(stdin, stdout)) return 0;
    print_error("cannot write to standard output");
    return 1;
}

} // namespace

int run_command(int argc, char** argv)
{
    CLI::App app(
        "carillon fires HTTP jobs on time, in order, with timeouts and retries.", "carillon");
    app.set_version_flag("--version", "carillon " + std::string(version()));
    app.require_subcommand(1);
    app.footer("Exit codes: 0 good; 1 a job failed; 2 usage or configuration; 4 no such job; 6 "
               "could not start.");

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
    auto* check = add_config(app.add_subcommand(
        "check", "Validate the configuration and show jobs, schedules, next instants"));
    check->add_flag("--json", as_json, "For programs");
    bool as_batch = false;
    auto* next = app.add_subcommand("next", "Show the next instants of expressions");
    next->add_flag(
            "--batch", as_batch,
            "Answer lines: kind TAB expression TAB zone TAB from TAB count [TAB name=JOB] [TAB "
            "dst=POLICY]")
        ->required();
    auto* show = app.add_subcommand("demo", "Run example jobs against an API of carillon's own");
    show->add_option("--runs", demo.runs, "End after so many runs")
        ->check(CLI::Range(1, 1'000'000));
    show->add_option("--dir", demo.directory, "Keep the state in this folder");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_usage;
    }
    if (run->parsed()) return command_run(path);
    if (once->parsed()) return command_once(path, job);
    if (check->parsed()) return command_check(path, as_json);
    if (next->parsed()) return command_batch();
    return run_demo(demo);
}

} // namespace carillon::app
