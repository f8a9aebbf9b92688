#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/store.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** An incident of the machine or the daemon. */
struct incident {
    enum class kind {
        /// The daemon is stopped for `span`, as by SIGTERM.
        down,
        /// The machine is off for `span`: runs under way are interrupted.
        off,
        /// The wall clock is set by `span`.
        step,
        /// The machine sleeps for `span`.
        suspend,
    };

    kind what = kind::down;
    /// When the wall clock first shows it.
    instant at{};
    microseconds span{0};
};

/** How an endpoint answers a job. */
struct simulated_reply {
    carillon::outcome outcome = outcome::completed;
    microseconds after = std::chrono::seconds{1};
};

/** What to play. */
struct scenario {
    instant from{};
    /// In elapsed time, whatever happens to the clock.
    microseconds span{0};
    /// When the machine booted, or will boot.
    instant boot{};
    std::vector<incident> incidents{};
    /// By job; others complete after a second.
    std::map<std::string, simulated_reply, std::less<>> replies{};
    /// How long a stopped daemon waits for its runs to end.
    microseconds shutdown_grace = std::chrono::seconds{30};
    /// How long the store takes to answer; claims are asked for as long before their instant.
    microseconds commit{0};
    std::uint64_t seed = 1;
    /// Where given, each daemon has what this makes of its store: one that answers otherwise.
    std::function<std::unique_ptr<store>(
        boost::asio::any_io_executor, time_source&, std::unique_ptr<store>)>
        wrap_store{};
};

/** One thing that happened. */
struct simulated_event {
    enum class kind { started, ended, skipped, missed, incident };

    instant at{};
    kind what = kind::started;
    /// Of an incident: what it was, in words.
    std::string_view job{};
    std::optional<instant> scheduled_at{};
    std::optional<carillon::outcome> outcome{};
    std::optional<carillon::reason> reason{};
    /// By how much the clock is set, where it is.
    microseconds step{0};
    /// Of instants that were missed.
    instant first{};
    instant last{};
    std::int64_t count = 0;
    /// The job begins a chain, so that its start is that of a run.
    bool is_first = false;
    /// The start of a run that makes up for a missed instant.
    bool is_caught_up = false;
};

using simulated_event_handler = std::function<void(const simulated_event&)>;

/**
 * Plays jobs on a virtual clock: the runner is the real one, nothing is sent, and the store lasts
 * over restarts. `tell` is called for each event in the order of elapsed time.
 *
 * The same scenario gives the same events.
 */
void simulate(const job_set& jobs, const scenario& what, const simulated_event_handler& tell);

} // namespace carillon::app
