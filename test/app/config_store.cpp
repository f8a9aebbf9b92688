#include "config_fixture.hpp"
#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace store_configurations {

const std::string a_job = "\n[jobs.a]\nurl = \"http://h/\"\n";

variables variables_of(std::map<std::string, std::string> values)
{
    variables out;
    out.environment = [values = std::move(values)](const std::string& name) {
        const auto at = values.find(name);
        return at == values.end() ? std::nullopt : std::optional(at->second);
    };
    return out;
}

} // namespace store_configurations

BOOST_FIXTURE_TEST_SUITE(store_configurations, config_fixture)

BOOST_AUTO_TEST_CASE(all_keys)
{
    const auto c = load(
                       "[store]\npath = \"/var/x.db\"\nkeep = \"7d\"\nkeep_runs = 50\n"
                       "keep_bytes = \"64MiB\"\non_error = \"continue\"" +
                       a_job)
                       .value();
    BOOST_TEST(c.store.path == "/var/x.db");
    BOOST_TEST(c.store.limits.keep == 7 * 24h);
    BOOST_TEST(c.store.limits.keep_runs == 50);
    BOOST_TEST(c.store.limits.keep_bytes == 64 << 20);
    BOOST_TEST(c.store.on_error == on_store_error::proceed);
    BOOST_TEST(load("[store]\npath = \":memory:\"" + a_job).value().store.is_in_memory());
}

BOOST_AUTO_TEST_CASE(defaults)
{
    const auto c = load(a_job).value();
    BOOST_TEST(c.store.limits.keep == 30 * 24h);
    BOOST_TEST(c.store.limits.keep_runs == 1000);
    BOOST_TEST(c.store.limits.keep_bytes == 1 << 30);
    BOOST_TEST(c.store.on_error == on_store_error::stop);
    BOOST_TEST(!c.store.path.empty());
}

BOOST_AUTO_TEST_CASE(where_it_is_unless_someone_says_it)
{
    struct row {
        std::map<std::string, std::string> environment;
        bool is_root;
        const char* path;
    };
    const row rows[] = {
        {{{"STATE_DIRECTORY", "/var/lib/x"}, {"HOME", "/home/u"}}, false, "/var/lib/x/carillon.db"},
        {{{"STATE_DIRECTORY", "/var/lib/x:/var/lib/y"}}, true, "/var/lib/x/carillon.db"},
        {{{"HOME", "/root"}}, true, "/var/lib/carillon/carillon.db"},
        {{{"XDG_STATE_HOME", "/s"}, {"HOME", "/home/u"}}, false, "/s/carillon/carillon.db"},
        {{{"HOME", "/home/u"}}, false, "/home/u/.local/state/carillon/carillon.db"},
        {{{"XDG_STATE_HOME", ""}, {"STATE_DIRECTORY", ""}}, false, ""},
    };
    for (const row& r : rows)
        BOOST_TEST(default_store_path(variables_of(r.environment), r.is_root) == r.path);
}

BOOST_AUTO_TEST_CASE(each_mistake_has_its_place_and_words)
{
    const std::pair<const char*, const char*> rows[] = {
        {"path = \"\"", "c.toml:2:8: store.path: must not be empty"},
        {"keep = \"0\"", "c.toml:2:8: store.keep: must be longer than zero and at most 100 years"},
        {"keep_runs = 0", "c.toml:2:13: store.keep_runs: must be from 1 to 1000000000"},
        {"keep_bytes = \"1KiB\"", "c.toml:2:14: store.keep_bytes: must be at least 1MiB"},
        {"on_error = \"go on\"", "c.toml:2:12: store.on_error: must be one of 'stop', 'continue'"},
        {"url = \"postgresql://h/\"", "c.toml:2:1: store.url: unknown key"},
        {"keep_run = 1", "c.toml:2:1: store.keep_run: unknown key (did you mean 'keep_runs'?)"},
    };
    for (const auto& [text, expected] : rows)
        BOOST_TEST(errors(std::string("[store]\n") + text + a_job) == expected);
}

BOOST_AUTO_TEST_CASE(overlap_and_delivery)
{
    const auto c = load("[jobs.a]\nurl = \"http://h/\"\noverlap = \"replace\"\n"
                        "delivery = \"at-most-once\"\n[jobs.b]\nurl = \"http://h/\"")
                       .value();
    BOOST_TEST(c.jobs[0].overlap == overlap_policy::replace);
    BOOST_TEST(c.jobs[0].delivery == delivery_policy::at_most_once);
    BOOST_TEST(c.jobs[1].overlap == overlap_policy::skip);
    BOOST_TEST(c.jobs[1].delivery == delivery_policy::at_least_once);
    BOOST_TEST(
        errors(a_job + "overlap = \"wait\"\n") ==
        "c.toml:4:11: jobs.a.overlap: must be one of 'skip', 'queue', 'allow', 'replace'");
    BOOST_TEST(
        errors(a_job + "delivery = \"once\"\n") ==
        "c.toml:4:12: jobs.a.delivery: must be one of 'at-least-once', 'at-most-once'");
    BOOST_TEST(
        errors(a_job + "[jobs.b]\nurl = \"http://h/\"\nafter = \"a\"\noverlap = \"queue\"") ==
        "c.toml:7:11: jobs.b.overlap: is the chain's: its first job says what happens");
}

BOOST_AUTO_TEST_SUITE_END()
