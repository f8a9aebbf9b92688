#include "manual/about.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace carillon::app {
namespace {

constexpr std::pair<std::string_view, std::string_view> texts[] = {
    {"",
     R"(carillon sends HTTP requests by a schedule. It replaces scripts of curl that cron or a systemd timer starts.

A job is a named request with a timeout, rules for retries, and what its reply must say. A job is started by a schedule, by other jobs, or by hand. A job and all that runs after it is a chain. A run is stored before it sends anything, so that a crash does not lose it. What was due during downtime is made up for.

  carillon check -c carillon.toml
  carillon run -c carillon.toml)"},
    {"run",
     R"(Runs the jobs of the configuration by their schedules until it is stopped. It is meant for systemd and for containers.

After SIGTERM or SIGINT no run starts. Runs under way may end within runner.shutdown_grace, and are then cancelled. A second signal ends the process at once. SIGHUP reads the configuration again. A file with a mistake changes nothing, and the log says what is wrong.)"},
    {"once",
     R"(Runs a job, and all jobs that come after it, in a process of its own. The run is recorded in the store, also beside a daemon. It starts even while another run of the chain is running. It does not resume crashed runs.

The exit code is 0 where the run completed, and 1 where it did not.

  carillon once report)"},
    {"retry",
     R"(Runs a failed run again, from the job that failed. The run keeps its id, and its requests keep their Idempotency-Key.

  carillon history --outcome failed
  carillon retry 01a2284d)"},
    {"check",
     R"(Reads the configuration. It shows each job with its schedule in plain English and its next instants, or every mistake with its line, its column and a suggestion.)"},
    {"next",
     R"(Shows when a job is due, or when an expression is. The configuration is read only where a job is named.

  carillon next report
  carillon next --cron '0 9 * * MON-FRI' --tz Europe/Berlin)"},
    {"simulate",
     R"(Plays the configuration on a virtual clock, with the daemon's own runner, and sends nothing. It shows what runs, what is skipped, and what is caught up with. Options say what happens meanwhile: the machine boots, carillon is stopped, the clock is set, a job fails.

  carillon simulate --from '2026-03-29 00:00' --for 1d --down 01:30/2h)"},
    {"status",
     R"(Shows each job with its state and why, how its last runs went, and when it is due next, as the daemon has written it down. It reads the store, beside a daemon or without one, and changes nothing.

With --watch it stays, and shows what changes. The key q leaves.)"},
    {"history",
     R"(Shows what ran and what was missed, newest first. A page ends with a cursor; --before with that cursor shows the next page.

  carillon history report --since 2d --outcome failed)"},
    {"show",
     R"(Shows each job of a run with each of its attempts: when it was made, how long it took, and how it ended.)"},
    {"demo",
     R"(Runs the first customer's jobs against an API of carillon's own on this machine: the first run within two seconds, then one each ten seconds. Its state is in a temporary folder, which is removed at the end.)"},
    {"completion",
     R"(Prints a script with which a shell completes carillon's commands, options and jobs. A package installs it where the shell looks for it.

  carillon completion bash >~/.local/share/bash-completion/completions/carillon
  carillon completion fish >~/.config/fish/completions/carillon.fish
  carillon completion zsh >~/.zfunc/_carillon

carillon completion jobs prints the names of jobs, one a line. The scripts call it.)"},
    {"man",
     R"(Prints the page of a command, or of the program, in the language of man(7). A package installs it where man(1) looks for it.

  carillon man once | man -l -)"},
};

} // namespace

std::string_view about(std::string_view command)
{
    const auto* const at = std::find_if(
        std::begin(texts), std::end(texts), [&](const auto& t) { return t.first == command; });
    return at != std::end(texts) ? at->second : std::string_view();
}

} // namespace carillon::app
