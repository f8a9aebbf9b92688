#include "commands.hpp"

#include "config.hpp"
#include "daemon.hpp"
#include "demo/demo.hpp"
#include "describe.hpp"
#include <carillon/version.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace carillon::app {
namespace {

std::string default_path()
{
    const char* path = std::getenv("CARILLON_CONFIG"); // NOLINT(concurrency-mt-unsafe)
    return path != nullptr && *path != '\0' ? path : "/etc/carillon/carillon.toml";
}

/** The configuration, or nothing after its errors were printed. */
std::optional<configuration> load(const std::string& path)
{
    auto config = load_configuration(path, process_variables());
    if (config) return std::move(*config);
    for (const config_error& e : config.error().errors) fmt::print(stderr, "{}\n", to_string(e));
    return std::nullopt;
}

daemon::loader reloader(const std::string& path)
{
    return [path] { return load_configuration(path, process_variables()); };
}

int command_run(const std::string& path)
{
    auto config = load(path);
    return config ? daemon(std::move(*config), reloader(path)).run() : exit_usage;
}

int command_once(const std::string& path, const std::string& job)
{
    auto config = load(path);
    if (!config) return exit_usage;
    const int code = daemon(std::move(*config), {}).once(job);
    if (code == 4) fmt::print(stderr, "carillon: there is no job '{}'\n", job);
    return code;
}

int command_check(const std::string& path, bool as_json)
{
    const auto config = load(path);
    if (!config) return exit_usage;
    boost::asio::io_context ctx;
    const system_time_source time(ctx.get_executor());
    for (const config_error& w : config->warnings)
        fmt::print(stderr, "warning: {}\n", to_string(w));
    if (as_json)
        fmt::print("{}\n", jobs_as_json(config->jobs, time));
    else
        fmt::print(
            "{}: {} jobs, no errors\n\n{}", path, config->jobs.size(),
            describe_jobs(config->jobs, time));
    return 0;
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
    auto* show = app.add_subcommand("demo", "Run example jobs against an API of carillon's own");
    show->add_option("--runs", demo.runs, "End after so many runs")->check(CLI::PositiveNumber);
    show->add_option("--dir", demo.directory, "Keep the state in this folder");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_usage;
    }
    if (run->parsed()) return command_run(path);
    if (once->parsed()) return command_once(path, job);
    if (check->parsed()) return command_check(path, as_json);
    return run_demo(demo);
}

} // namespace carillon::app
