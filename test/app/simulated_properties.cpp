// Random jobs through random outages, restarts, boots and clock steps: what the guarantees promise
// holds for each. A failure names its seed: CARILLON_TEST_SEED=... CARILLON_TEST_ROUNDS=1 plays it
// again; more rounds look further.

#include "print.hpp"
#include "simulate.hpp"
#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace simulated_properties {

using kind = simulated_event::kind;

/// Under a name that is taken a run is named so much later at the most.
constexpr microseconds renaming = 100us;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise)
{
    const char* given = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

/** What happened, with names that last. */
struct told {
    simulated_event event;
    std::string job;
};

class random_world {
public:
    explicit random_world(std::uint64_t seed) : random_(seed)
    {
        what_.from = std::chrono::sys_days{std::chrono::year{2026} / 3 / 27} + below(48) * 30min;
        what_.span = (2 + below(3)) * 24h;
        what_.boot = what_.from - below(3) * 47min;
        what_.seed = seed;
        const int jobs = 1 + below(3);
        for (int i = 0; i < jobs; ++i) add_job("job-" + std::to_string(i));
        const int incidents = below(7);
        for (int i = 0; i < incidents; ++i) add_incident();
        // The end is quiet, so that all comes to something.
        what_.span += quiet;
    }

    /// From the last incident on.
    static constexpr microseconds quiet = 12h;

    job_set jobs() const { return job_set::create(jobs_).value(); }
    const scenario& what() const { return what_; }
    bool has_steps(bool back) const
    {
        return std::any_of(what_.incidents.begin(), what_.incidents.end(), [&](const incident& i) {
            return i.what == incident::kind::step && (i.span < 0s) == back;
        });
    }

private:
    int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

    bool one_in(int n) { return below(n) == 0; }

    microseconds span_up_to(microseconds longest)
    {
        return microseconds{
            static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(longest.count()))};
    }

    schedule random_schedule(const std::string& name)
    {
        static constexpr std::array<const char*, 8> crons{
            "*/15 * * * *", "0 * * * *",       "30 2 * * *",   "H H * * *",
            "7 */3 * * *",  "0 9 * * MON-FRI", "0,30 2 * * *", "*/20 1-3 * * *"};
        static constexpr std::array<const char*, 3> zones{
            "UTC", "Europe/Berlin", "Australia/Lord_Howe"};
        switch (below(4)) {
        case 0:
            return {.every = (1 + below(90)) * 1min};
        case 1:
            return {.every = (5 + below(90)) * 1min, .on_boot = below(10) * 1min};
        case 2:
            return {.every = (5 + below(90)) * 1min, .on_start = below(10) * 1min};
        default:
            break;
        }
        schedule s =
            schedule_from_cron(
                crons[static_cast<std::size_t>(below(crons.size()))],
                time_zone::load(zones[static_cast<std::size_t>(below(zones.size()))]).value(), name)
                .value();
        s.dst = static_cast<dst_policy>(below(4));
        return s;
    }

    void add_job(const std::string& name)
    {
        schedule s = random_schedule(name);
        s.catch_up = static_cast<catch_up_policy>(below(3));
        s.catch_up_limit = 1 + below(20);
        if (one_in(2)) s.catch_up_window = (1 + below(600)) * 1min;
        if (one_in(3)) s.accuracy = span_up_to(5min);
        if (one_in(3)) s.jitter = span_up_to(10min);
        if (one_in(4)) s.exclude.push_back(parse_exclusion("2026-03-29", {}).value());
        if (one_in(4)) s.exclude.push_back(parse_exclusion("*-*-* 03:00", {}).value());
        job j{.name = name, .trigger = s, .url = "http://localhost/"};
        if (one_in(2)) j.retry = retry_policy{.attempts = 1 + below(3)};
        jobs_.push_back(std::move(j));
        static constexpr std::array<outcome, 5> outcomes{
            outcome::completed, outcome::completed, outcome::failed, outcome::unreachable,
            outcome::timed_out};
        what_.replies[name] = {
            outcomes[static_cast<std::size_t>(below(outcomes.size()))], span_up_to(50s)};
        if (!one_in(2)) return;
        job next{.name = name + "-next", .url = "http://localhost/"};
        next.trigger = after{{name, one_in(2) ? condition::finished : condition::succeeded}};
        jobs_.push_back(std::move(next));
    }

    void add_incident()
    {
        incident i{.what = static_cast<incident::kind>(below(3))};
        i.at = what_.from + span_up_to(what_.span);
        i.span = one_in(3) ? span_up_to(90s) : span_up_to(10h);
        if (i.what == incident::kind::step && one_in(2)) i.span = -i.span;
        what_.incidents.push_back(i);
    }

    std::mt19937_64 random_;
    scenario what_;
    std::vector<job> jobs_;
};

std::vector<told> play(const random_world& w)
{
    std::vector<told> out;
    const job_set jobs = w.jobs();
    simulate(jobs, w.what(), [&](const simulated_event& e) {
        out.push_back({e, std::string(e.job)});
        out.back().event.job = {};
    });
    return out;
}

/** No run before its instant, none twice unless it was cut off, and none beside another of its
 * chain. */
void check_runs(const std::vector<told>& all)
{
    std::set<std::pair<std::string, instant>> begun;
    std::set<std::pair<std::string, instant>> going;
    std::map<std::string, int> chains;
    for (const told& t : all) {
        const simulated_event& e = t.event;
        if (e.what != kind::started && e.what != kind::ended) continue;
        const std::pair name(t.job, *e.scheduled_at);
        if (e.what == kind::started) {
            // The clock may be set back while a run goes.
            if (e.is_first)
                BOOST_TEST(e.at >= *e.scheduled_at - renaming, "early: " << t.job << as_line(e));
            BOOST_TEST(begun.insert(name).second, "twice: " << t.job << " " << as_line(e));
            going.insert(name);
            if (e.is_first) BOOST_TEST(++chains[t.job] == 1, "beside another: " << as_line(e));
        } else {
            const bool was_going = going.erase(name) == 1U;
            // A stop cancels what has not begun, too.
            BOOST_TEST((was_going || e.outcome == outcome::cancelled), "no start: " << as_line(e));
            if (e.is_first && was_going) --chains[t.job];
            // What was cut off is sent again.
            if (e.outcome == outcome::interrupted) begun.erase(name);
        }
    }
    BOOST_TEST(going.size() <= chains.size(), "runs that never end");
}

/** What waits for a job starts only when that has ended. */
void check_order(const std::vector<told>& all)
{
    std::set<std::pair<std::string, instant>> ended;
    for (const told& t : all) {
        if (t.event.what == kind::ended) ended.emplace(t.job, *t.event.scheduled_at);
        const std::size_t suffix = t.job.find("-next");
        if (t.event.what == kind::started && suffix != std::string::npos)
            BOOST_TEST(
                ended.contains({t.job.substr(0, suffix), *t.event.scheduled_at}),
                "out of order: " << t.job);
    }
}

/** Each instant of a schedule on the wall clock comes to exactly one thing. */
void check_accounts(const random_world& w, const std::vector<told>& all)
{
    const job_set jobs = w.jobs();
    for (const job& j : jobs.jobs()) {
        const auto* s = std::get_if<schedule>(&j.trigger);
        if (s == nullptr || follows_elapsed_time(*s)) continue;
        const occurrences instants(*s, make_grid(*s, {}));
        std::map<instant, int> fates;
        std::set<instant> cut_off;
        instant end = w.what().from;
        for (const told& t : all) {
            const simulated_event& e = t.event;
            end = std::max(end, e.at);
            if (t.job != j.name) continue;
            if (e.what == kind::ended && e.outcome == outcome::interrupted)
                cut_off.insert(*e.scheduled_at);
            const bool goes_on = e.what == kind::started && cut_off.erase(*e.scheduled_at) == 1U;
            if ((e.what == kind::started && !goes_on) || e.what == kind::skipped)
                ++fates[*e.scheduled_at];
            if (e.what != kind::missed) continue;
            BOOST_TEST(instants.count(e.first, e.last) == e.count);
            for (auto at = instants.next_after(e.first - 1us); at && *at <= e.last;
                 at = instants.next_after(*at))
                ++fates[*at];
        }
        std::size_t due = 0;
        for (auto at = instants.next_after(w.what().from); at && *at < end - 1h;
             at = instants.next_after(*at), ++due)
            BOOST_TEST(fates[*at] == 1, j.name << " " << format_utc(*at) << " " << fates[*at]);
        for (const auto& [at, n] : fates)
            BOOST_TEST(
                instants.last_until(at) == at, j.name << " never was due at " << format_utc(at));
    }
}

std::string text_of(const std::vector<told>& all)
{
    std::string out;
    for (const told& t : all) out += t.job + " " + as_line(t.event);
    return out;
}

} // namespace simulated_properties

BOOST_AUTO_TEST_SUITE(simulated_properties)

BOOST_AUTO_TEST_CASE(guarantees_hold_through_outages_and_steps)
{
    const std::uint64_t seed = number_from("CARILLON_TEST_SEED", 20261125);
    const std::uint64_t rounds = number_from("CARILLON_TEST_ROUNDS", 60);
    for (std::uint64_t round = 0; round < rounds; ++round) {
        BOOST_TEST_CONTEXT("CARILLON_TEST_SEED=" << seed + round << " CARILLON_TEST_ROUNDS=1")
        {
            const random_world w(seed + round);
            const std::vector<told> all = play(w);
            check_runs(all);
            check_order(all);
            // A clock that is set back brings instants a second time.
            if (!w.has_steps(true)) check_accounts(w, all);
            if (round % 8 == 0) BOOST_TEST(text_of(play(w)) == text_of(all), "not the same again");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
