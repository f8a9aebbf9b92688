#include "commands/command_line.hpp"

#include "base/exit_code.hpp"
#include "base/terminal.hpp"
#include "commands/commands.hpp"
#include "manual/about.hpp"
#include "manual/completion.hpp"
#include "manual/man_page.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/version.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace carillon::app {
namespace {

std::string default_path()
{
    const char* path = std::getenv("CARILLON_CONFIG"); // NOLINT(concurrency-mt-unsafe)
    return path != nullptr && *path != '\0' ? path : "/etc/carillon/carillon.toml";
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

constexpr std::string_view outcome_words[] = {"completed", "failed",    "timed_out", "unreachable",
                                              "rejected",  "cancelled", "skipped",   "interrupted",
                                              "missed",    "running"};

parameter with_words(parameter p, std::vector<std::string> words)
{
    p.value = value_kind::word;
    p.words = std::move(words);
    return p;
}

/** What can stand behind an option, or as an argument, by its name: one name means one thing. */
void set_value(parameter& p)
{
    if (p.name == "--config")
        p.value = value_kind::file;
    else if (p.name == "--dir")
        p.value = value_kind::folder;
    else if (p.name == "job")
        p.value = value_kind::job;
    else if (p.name == "shell")
        p = with_words(std::move(p), {std::begin(known_shells), std::end(known_shells)});
    else if (p.name == "--outcome")
        p = with_words(std::move(p), {std::begin(outcome_words), std::end(outcome_words)});
}

parameter parameter_of(const CLI::Option& o)
{
    parameter out;
    out.help = o.get_description();
    out.is_argument = o.get_positional();
    out.is_required = o.get_required();
    out.name = out.is_argument ? o.get_name(true) : "--" + o.get_lnames().front();
    if (!o.get_snames().empty()) out.short_name = "-" + o.get_snames().front();
    if (o.get_items_expected_max() > 0) out.value = value_kind::text;
    out.may_repeat = o.get_items_expected_max() > 1;
    set_value(out);
    return out;
}

/** A group of options is an app without a name in the command's own, with a --help of its own. */
void add_parameters(const CLI::App& from, std::vector<parameter>& to)
{
    for (const CLI::Option* o : from.get_options()) {
        parameter p = parameter_of(*o);
        const bool is_known = std::any_of(
            to.begin(), to.end(), [&](const parameter& known) { return known.name == p.name; });
        if (!is_known) to.push_back(std::move(p));
    }
    for (const CLI::App* group : from.get_subcommands(nullptr))
        if (group->get_name().empty()) add_parameters(*group, to);
}

command_text text_of(const CLI::App& command, const std::string& name)
{
    command_text out{.name = name, .help = command.get_description()};
    out.about = about(name);
    add_parameters(command, out.parameters);
    return out;
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
    history.add_option("--outcome", o.outcome, fmt::format("{}", fmt::join(outcome_words, ", ")));
    history.add_flag("--json", o.as_json, "For programs");
}

std::string exit_codes_in_words()
{
    std::string out;
    for (const auto& [code, meaning] : exit_codes)
        out += fmt::format("{}{} {}", out.empty() ? "Exit codes: " : "; ", code, meaning);
    return out + ".";
}

/** The commands with their options, and what the user has written of them. */
class command_line {
public:
    command_line()
    {
        app_.set_version_flag("--version", "carillon " + std::string(version()));
        app_.require_subcommand(1);
        app_.footer(exit_codes_in_words());
        add_those_that_send();
        add_those_that_plan();
        add_those_that_read_the_store();
        add_demo();
        add_those_about_the_others();
    }

    int run(int argc, char** argv)
    {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& e) {
            return answer(e, argc, argv);
        }
        const auto asked = std::find_if(commands_.begin(), commands_.end(), [](const command& c) {
            return c.options->parsed();
        });
        return asked->run();
    }

private:
    struct command {
        CLI::App* options;
        std::function<int()> run;
    };

    CLI::App& add(const char* name, const char* help, std::function<int()> run)
    {
        CLI::App* options = app_.add_subcommand(name, help);
        commands_.push_back({options, std::move(run)});
        return *options;
    }

    CLI::App& add_with_config(const char* name, const char* help, std::function<int()> run)
    {
        CLI::App& options = add(name, help, std::move(run));
        options.add_option(
            "-c,--config", path_,
            "Configuration file (CARILLON_CONFIG, else /etc/carillon/carillon.toml)");
        return options;
    }

    void add_json(CLI::App& options) { options.add_flag("--json", as_json_, "For programs"); }

    void add_those_that_send()
    {
        add_with_config("run", "Fire jobs by their schedules, in the foreground", [this] {
            return command_run(path_);
        });
        add_with_config(
            "once", "Run a job and all that follows it now, and exit",
            [this] { return command_once(path_, job_); })
            .add_option("job", job_, "The job's name")
            ->required();
        add_with_config(
            "retry", "Run a failed run again, from the job that failed, and exit",
            [this] { return command_retry(path_, run_); })
            .add_option("run", run_, "Its id, or its beginning, as for show")
            ->required();
    }

    void add_those_that_plan()
    {
        add_json(add_with_config(
            "check", "Validate the configuration and show jobs, schedules, next instants",
            [this] { return command_check(path_, as_json_); }));
        add_next_options(
            add_with_config(
                "next", "Show the next instants of a job or an expression",
                [this] { return as_batch_ ? command_batch() : command_next(path_, next_); }),
            next_, as_batch_);
        add_simulate_options(
            add_with_config(
                "simulate", "Play the configuration on a virtual clock and send nothing",
                [this] { return command_simulate(path_, simulate_); }),
            simulate_);
    }

    void add_those_that_read_the_store()
    {
        CLI::App& status = add_with_config(
            "status", "Show each job with its state, last run and next instant",
            [this] { return command_status(path_, status_); });
        status.add_flag("--json", status_.as_json, "For programs");
        status.add_flag("--watch", status_.is_watched, "Show it again each second; q leaves");
        add_history_options(
            add_with_config(
                "history", "Show what ran and what was missed, newest first",
                [this] { return command_history(path_, history_); }),
            history_);
        CLI::App& show = add_with_config("show", "Show all that is known of a run", [this] {
            return command_show(path_, run_, as_json_);
        });
        show.add_option(
                "run", run_,
                "Its id, or the beginning of it: at least 8 digits, and as many as history prints")
            ->required();
        add_json(show);
    }

    void add_demo()
    {
        CLI::App& demo = add("demo", "Run example jobs against an API of carillon's own", [this] {
            return run_demo(demo_);
        });
        demo.add_option("--runs", demo_.runs, "End after so many runs")
            ->check(CLI::Range(1, 1'000'000));
        demo.add_option("--dir", demo_.directory, "Keep the state in this folder");
    }

    void add_those_about_the_others()
    {
        add_with_config(
            "completion", "Print a script with which a shell completes carillon's commands",
            [this] { return print_completion(); })
            .add_option("shell", shell_, "bash, fish or zsh")
            ->required();
        add("man", "Print a command's page of man(1)", [this] {
            return print_man_page();
        }).add_option("command", page_, "A command (the program itself)");
    }

    command_texts texts() const
    {
        command_texts out{text_of(app_, "")};
        std::vector<std::string> names;
        for (const CLI::App* c : app_.get_subcommands(nullptr)) {
            names.push_back(c->get_name());
            out.push_back(text_of(*c, c->get_name()));
        }
        for (command_text& c : out)
            for (parameter& p : c.parameters)
                if (p.name == "command") p = with_words(std::move(p), names);
        return out;
    }

    int print_completion() const
    {
        if (shell_ == "jobs") return command_jobs(path_);
        const std::string script = completion_script(shell_, texts());
        if (!script.empty()) return print_result(script);
        print_error(detail::visible(
            fmt::format("'{}' is none of {}", shell_, fmt::join(known_shells, ", "))));
        return exit_usage;
    }

    int print_man_page() const
    {
        const std::string page = man_page(page_, texts());
        if (!page.empty()) return print_result(page);
        print_error(no_such_command(app_, page_));
        return exit_usage;
    }

    /** What cannot be parsed. CLI11 reports help and version as errors, too. */
    int answer(const CLI::ParseError& e, int argc, char** argv)
    {
        if (const auto name = unknown_command(app_, argc, argv)) {
            print_error(no_such_command(app_, *name));
            return exit_usage;
        }
        std::ostringstream out;
        if (app_.exit(e, out, std::cerr) != 0) return exit_usage;
        return print_result(out.str());
    }

    CLI::App app_{
        "carillon fires HTTP jobs on time, in order, with timeouts and retries.", "carillon"};
    std::vector<command> commands_;
    std::string path_ = default_path();
    std::string job_;
    std::string run_;
    std::string shell_;
    std::string page_;
    bool as_json_ = false;
    bool as_batch_ = false;
    status_options status_;
    next_options next_;
    simulate_options simulate_;
    history_options history_;
    demo_options demo_;
};

} // namespace

int run_command_line(int argc, char** argv) { return command_line().run(argc, argv); }

} // namespace carillon::app
