// Random jobs on a machine whose store fails, stalls and dies in the midst of a commit, and whose
// process is killed: nothing vanishes, nothing is early, doubled or out of order. So it is where
// other machines share the store and the connection to it is lost. A failure names its seed:
// CARILLON_TEST_SEED=... CARILLON_TEST_ROUNDS=1 plays it again; more rounds look further.

#include "print.hpp"
#include "runner/machine.hpp"
#include <carillon/time/timestamp.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace store_properties {

using operation = faulty_store::operation;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise)
{
    const char* given = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

struct random_machine : machine {
    explicit random_machine(std::uint64_t seed) : random(seed)
    {
        answer = [this](const http::request& r) {
            http::scripted_reply out =
                http::reply_with(one_in(5) ? 500 : 200, "{}", one_in(3) ? below(40) * 1s : 0s);
            if (!one_in(8)) return out;
            out.error = asio::error::connection_refused;
            out.reply.phase = phase::connect;
            refused.insert({field(r, "Idempotency-Key"), field(r, "Carillon-Attempt")});
            return out;
        };
        choose = [this](operation what) {
            faulty_store::fault f;
            // Before a job is seen for the first time nothing is owed.
            if (time.now() == monday) return f;
            // Whether it can be kept how far a job is, is another question: attempts may then
            // repeat.
            const bool is_asked = what == operation::claim || what == operation::record ||
                                  (what == operation::save && refuses_saves);
            if (is_ill && is_asked && one_in(2)) f.ec = asio::error::no_buffer_space;
            // Beyond ten seconds the store counts as stalled, and saves are given up, too.
            if (one_in(20)) f.delay = delay();
            if (one_in(40)) f.torn = [this] { is_to_die = true; };
            return f;
        };
    }

    int below(int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); }
    bool one_in(int n) { return below(n) == 0; }

    /** What is asked for later waits for what is late. */
    microseconds delay()
    {
        if (refuses_saves) return below(60) * 1s;
        const microseconds now = time.since_boot();
        const microseconds end = std::max(late_until, now) + below(9) * 1s;
        if (end - now > 9s) return 0s;
        const microseconds out = end - std::max(late_until, now);
        late_until = end;
        return out;
    }

    void add_jobs()
    {
        static constexpr microseconds leads[] = {0ms, 5ms, 700ms};
        lead = leads[below(3)];
        for (int i = 0; i < 3; ++i) {
            const std::string name = "job-" + std::to_string(i);
            schedule s{.every = (1 + below(5)) * 20s};
            s.catch_up = static_cast<catch_up_policy>(below(3));
            job first = with_policies(make(name, s));
            first.overlap = static_cast<overlap_policy>(below(4));
            jobs.push_back(first);
            if (one_in(2))
                jobs.push_back(with_policies(make(
                    name + "-next",
                    after{{name, one_in(2) ? condition::finished : condition::succeeded}})));
        }
    }

    job with_policies(job j)
    {
        if (one_in(3)) j.delivery = delivery_policy::at_most_once;
        j.retry = retry_policy{.attempts = 1 + below(3), .backoff = 1s, .max_backoff = 5s};
        return j;
    }

    void play()
    {
        add_jobs();
        start(jobs, {.seed = random()});
        const instant end = time.now() + 30min;
        while (time.now() < end) {
            is_ill = one_in(3);
            for (int i = below(60); i > 0 && !is_to_die; --i) run_for(1s);
            // In the midst of what is claimed ahead, or has just begun.
            if (one_in(2)) run_for(below(1000) * 1ms);
            if (one_in(4))
                run_for(std::chrono::ceil<std::chrono::seconds>(time.now()) - time.now() - 1ms);
            if (!is_to_die && !one_in(4)) {
                disturb();
                continue;
            }
            if (!is_to_die && one_in(2)) stop();
            kill();
            is_to_die = false;
            if (one_in(3)) run_for(below(200) * 1s);
            start(jobs, {.seed = random()});
        }
        // The end is quiet, so that all comes to something.
        kill();
        is_quiet = true;
        choose = [](operation) { return faulty_store::fault{}; };
        start(jobs, {.seed = random()});
        answer = [](const http::request&) { return http::reply_with(200, "{}"); };
        run_for(10min);
        // Between two instants.
        run_for(20s - time.now().time_since_epoch() % 20s + 10s);
        until = time.now();
        daemon->async_drain(asio::detached);
        run_for(10min);
    }

    /** What people do, and machines: nothing of it may cost an instant. */
    void disturb()
    {
        const std::string name = "job-" + std::to_string(below(3));
        switch (below(4)) {
        case 0:
            return daemon->set_jobs(job_set::create(jobs).value());
        case 1:
            return daemon->async_trigger(name, asio::detached);
        case 2: // it sleeps
            return time.advance_to(time.now() + below(100) * 1s);
        default:
            return;
        }
    }

    /** As by SIGTERM; whoever waits for the end may lose patience. */
    void stop()
    {
        struct drain {
            asio::cancellation_signal grace_is_over;
            bool is_over = false;
        };
        const auto d = std::make_shared<drain>();
        daemon->async_drain(asio::bind_cancellation_slot(
            d->grace_is_over.slot(), [d](const error_code&) { d->is_over = true; }));
        for (int i = below(60); i > 0 && !is_to_die && !d->is_over; --i) run_for(1s);
        if (!d->is_over) d->grace_is_over.emit(asio::cancellation_type::terminal);
        for (int i = below(60); i > 0 && !is_to_die && !d->is_over; --i) run_for(1s);
    }

    void check_requests()
    {
        std::map<std::string, std::vector<const sent*>> by_key;
        std::map<std::string, long long> fences;
        for (const sent& s : requests) {
            const std::string at = field(s.request, "Carillon-Scheduled-At");
            BOOST_TEST(
                (s.at >= parse_instant(at).value() || at.substr(20, 6) != "000000"), // by hand
                "early: " << s.job << " of " << at << " at " << format_utc(s.at));
            auto& same = by_key[field(s.request, "Idempotency-Key")];
            if (!same.empty()) {
                BOOST_TEST(
                    field(same.back()->request, "Carillon-Run") ==
                    field(s.request, "Carillon-Run"));
                BOOST_TEST(
                    (refuses_saves ||
                     number(*same.back(), "Carillon-Attempt") < number(s, "Carillon-Attempt")),
                    "attempt " << s.job << " " << at);
                BOOST_TEST(number(*same.back(), "Carillon-Fence") <= number(s, "Carillon-Fence"));
            }
            same.push_back(&s);
        }
        for (const job& j : jobs) {
            if (j.delivery == delivery_policy::at_least_once) continue;
            for (const auto& [key, same] : by_key) {
                if (same.front()->job != j.name) continue;
                std::size_t reached = 0;
                for (const sent* s : same)
                    if (!refused.contains({key, field(s->request, "Carillon-Attempt")})) ++reached;
                BOOST_TEST(reached <= 1U, "sent twice: " << key);
            }
        }
    }

    static long long number(const sent& s, const char* header)
    {
        return std::stoll(field(s.request, header));
    }

    /** Each instant is a run, or counted in a span. */
    void check_accounts()
    {
        std::map<std::string, std::int64_t> counted;
        for (const missed_record& m : store.missed()) counted[m.chain] += m.count;
        // What the last stop left to a next start.
        const recollection left = reader_load();
        for (const open_run& o : left.crashed) {
            BOOST_TEST(!o.may_have_begun, "a claim is left open");
            ++counted[o.run.chain];
        }
        for (const job_memory& m : left.memories)
            for (const owed_span& o : m.owed) counted[m.job] += o.count;
        for (const job& j : jobs) {
            const auto* s = std::get_if<schedule>(&j.trigger);
            if (s == nullptr) continue;
            std::set<instant> ran;
            for (const run_record& r : store.runs(j.name)) {
                if (r.trigger == run_trigger::manual) continue;
                BOOST_TEST(ran.insert(r.scheduled_at).second, "two runs");
                BOOST_TEST(r.outcome.has_value());
            }
            const occurrences instants(*s, make_grid(*s, {}));
            const std::int64_t due = instants.count(monday + 1us, until);
            const std::int64_t told = static_cast<std::int64_t>(ran.size()) + counted[j.name];
            BOOST_TEST(
                (due <= told && told <= due + wins_of_others(j.name)),
                j.name << ": " << ran.size() << " runs and " << counted[j.name] << " others of "
                       << due << describe_unaccounted(j.name, instants, ran));
            occurrences_seen += due;
        }
    }

    std::string describe_unaccounted(
        const std::string& chain, const occurrences& instants, const std::set<instant>& ran) const
    {
        std::string out;
        for (auto at = instants.next_after(monday); at && *at <= until;
             at = instants.next_after(*at)) {
            const auto holds = [&](const missed_record& m) {
                return m.chain == chain && m.from <= *at && *at <= m.to;
            };
            const auto kept = store.missed();
            const auto count = std::count_if(kept.begin(), kept.end(), holds) +
                               static_cast<std::ptrdiff_t>(ran.count(*at));
            if (count != 1)
                out += " " + std::to_string(count) + "x " + format_utc(*at).substr(11, 8);
        }
        return out;
    }

    recollection reader_load()
    {
        recollection out;
        const auto other = store.connect();
        other->async_load([&](error_code, recollection r) { out = std::move(r); });
        run_for(0s);
        return out;
    }

    std::mt19937_64 random;
    std::vector<job> jobs;
    std::set<std::pair<std::string, std::string>> refused;
    /// Instants of a chain that others have run. One of them may count as missed here, too, where
    /// the claim was not answered in time.
    std::function<std::int64_t(const std::string&)> wins_of_others = [](const std::string&) {
        return 0;
    };
    bool refuses_saves = one_in(2);
    microseconds late_until{0}; // in time since boot
    bool is_ill = false;
    bool is_to_die = false;
    bool is_quiet = false;
    instant until{};
    std::int64_t occurrences_seen = 0;
};

/** The same where other machines share the store, to which the connection comes and goes. */
struct shared_machine : random_machine {
    explicit shared_machine(std::uint64_t seed) : random_machine(seed)
    {
        refuses_saves = true;
        choose = [this](operation) {
            faulty_store::fault f;
            if (time.now() != monday && one_in(60)) f.torn = [this] { is_to_die = true; };
            return f;
        };
        wins_of_others = [this](const std::string& chain) { return other.wins(chain); };
        connect = [this] {
            // Before a job is seen for the first time nothing is owed.
            if (is_quiet || time.now() == monday) return store.connect();
            static constexpr microseconds delays[] = {0s, 300ms, 3s, 12s};
            return store.connect(
                {.seed = random(),
                 .longest_delay = delays[below(4)],
                 .loses_one_in = 30,
                 .meanwhile = [this](const store_changes& asked) { other.before(asked); }});
        };
    }

    std::unique_ptr<test::connection> others = store.connect();
    rival other{time, *others, random()};
};

/** How many occurrences there were. */
template <class Machine>
std::int64_t play(std::uint64_t rounds)
{
    const std::uint64_t seed = number_from("CARILLON_TEST_SEED", 20261125);
    std::int64_t seen = 0;
    for (std::uint64_t round = 0; round < number_from("CARILLON_TEST_ROUNDS", rounds); ++round) {
        BOOST_TEST_CONTEXT("CARILLON_TEST_SEED=" << seed + round << " CARILLON_TEST_ROUNDS=1")
        {
            Machine m(seed + round);
            m.play();
            m.check_requests();
            m.check_accounts();
            m.kill();
            seen += m.occurrences_seen;
        }
    }
    return seen;
}

} // namespace store_properties

BOOST_AUTO_TEST_SUITE(store_properties)

BOOST_AUTO_TEST_CASE(nothing_vanishes_whatever_befalls_the_store)
{
    BOOST_TEST_MESSAGE(play<random_machine>(40) << " occurrences");
}

BOOST_AUTO_TEST_CASE(nothing_vanishes_where_many_machines_share_the_store)
{
    BOOST_TEST_MESSAGE(play<shared_machine>(20) << " occurrences");
}

BOOST_AUTO_TEST_SUITE_END()
