// Random jobs on a machine whose store fails, stalls and dies in the midst of a commit, and whose
// process is killed: nothing vanishes, nothing is early, doubled or out of order. So it is where
// other machines share the store and the connection to it is lost. A failure names its seed:
// CARILLON_TEST_SEED=... CARILLON_TEST_ROUNDS=1 plays it again; more rounds look further.

#include "print.hpp"
#include "runner/random_machine.hpp"
#include <carillon/time/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace store_properties {

using sent = machine::sent;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise)
{
    const char* given = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

long long number(const sent& s, const char* header)
{
    return std::stoll(machine::field(s.request, header));
}

void check_requests(random_machine& m)
{
    std::map<std::string, std::vector<const sent*>> by_key;
    for (const sent& s : m.requests) {
        const std::string at = machine::field(s.request, "Carillon-Scheduled-At");
        BOOST_TEST(
            (s.at >= parse_instant(at).value() || at.substr(20, 6) != "000000"), // by hand
            "early: " << s.job << " of " << at << " at " << format_utc(s.at));
        auto& same = by_key[machine::field(s.request, "Idempotency-Key")];
        if (!same.empty()) {
            BOOST_TEST(
                machine::field(same.back()->request, "Carillon-Run") ==
                machine::field(s.request, "Carillon-Run"));
            BOOST_TEST(
                (m.refuses_saves ||
                 number(*same.back(), "Carillon-Attempt") < number(s, "Carillon-Attempt")),
                "attempt " << s.job << " " << at);
            BOOST_TEST(number(*same.back(), "Carillon-Fence") <= number(s, "Carillon-Fence"));
        }
        same.push_back(&s);
    }
    for (const job& j : m.jobs) {
        if (j.delivery == delivery_policy::at_least_once) continue;
        for (const auto& [key, same] : by_key) {
            if (same.front()->job != j.name) continue;
            std::size_t reached = 0;
            for (const sent* s : same)
                if (!m.refused.contains({key, machine::field(s->request, "Carillon-Attempt")}))
                    ++reached;
            BOOST_TEST(reached <= 1U, "sent twice: " << key);
        }
    }
}

std::string describe_unaccounted(
    random_machine& m,
    const std::string& chain,
    const occurrences& instants,
    const std::set<instant>& ran)
{
    std::string out;
    for (auto at = instants.next_after(monday); at && *at <= m.until;
         at = instants.next_after(*at)) {
        const auto holds = [&](const missed_record& missed) {
            return missed.chain == chain && missed.from <= *at && *at <= missed.to;
        };
        const auto kept = m.store.missed();
        const auto count = std::count_if(kept.begin(), kept.end(), holds) +
                           static_cast<std::ptrdiff_t>(ran.count(*at));
        if (count != 1) out += " " + std::to_string(count) + "x " + format_utc(*at).substr(11, 8);
    }
    return out;
}

/** Each instant is a run, or counted in a span. Returns how many there were. */
std::int64_t check_accounts(random_machine& m)
{
    std::int64_t seen = 0;
    std::map<std::string, std::int64_t> counted;
    for (const missed_record& missed : m.store.missed()) counted[missed.chain] += missed.count;
    // What the last stop left to a next start.
    const recollection left = m.load_once_more();
    for (const open_run& o : left.crashed) {
        BOOST_TEST(!o.may_have_begun, "a claim is left open");
        ++counted[o.run.chain];
    }
    for (const job_memory& memory : left.memories)
        for (const backlog_span& b : memory.backlog) counted[memory.job] += b.count;
    for (const job& j : m.jobs) {
        const auto* s = std::get_if<schedule>(&j.trigger);
        if (s == nullptr) continue;
        std::set<instant> ran;
        for (const run_record& r : m.store.runs(j.name)) {
            if (r.trigger == run_trigger::manual) continue;
            BOOST_TEST(ran.insert(r.scheduled_at).second, "two runs");
            BOOST_TEST(r.outcome.has_value());
        }
        const occurrences instants(*s, make_grid(*s, {}));
        const std::int64_t due = instants.count(monday + 1us, m.until);
        const std::int64_t told = static_cast<std::int64_t>(ran.size()) + counted[j.name];
        BOOST_TEST(
            (due <= told && told <= due + m.wins_of_others(j.name)),
            j.name << ": " << ran.size() << " runs and " << counted[j.name] << " others of " << due
                   << describe_unaccounted(m, j.name, instants, ran));
        seen += due;
    }
    return seen;
}

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
            check_requests(m);
            seen += check_accounts(m);
            m.kill();
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
