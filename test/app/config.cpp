#include "config_fixture.hpp"
#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(configurations, config_fixture)

BOOST_AUTO_TEST_CASE(jobs_inherit_and_override)
{
    const auto config = load(R"(
[defaults]
base_url = "${HOME_OF_API}/v1/"
headers = { X-API-Key = "${CREDENTIAL}", Accept = "a", X-Gone = "x" }
timeout = "5s"
retry = { attempts = 3, backoff = "2s" }
expect = { json = { "/status" = "completed" } }
[jobs.z-first]
url = "/one"
schedule = { on_boot = "5min", every = "15min", accuracy = "1min" }
headers = { accept = "b", X-Gone = "" }
retry = { attempts = 5 }
[jobs.a-second]
url = "two"
after = { z-first = "finished" }
title = "$${literal} ${UNSET:-fallback}${EMPTY:-too}"
body = { n = 1, list = ["a", true] }
expect = { status = [200, "3xx"], json = { "/n" = [1, 2.5] }, max_body = "2KiB" }
)");
    BOOST_REQUIRE(config.has_value());
    const job& one = config->jobs[0];
    BOOST_TEST(one.name == "z-first"); // as written, not by name
    BOOST_TEST(one.url == "http://api:8000/v1/one");
    BOOST_TEST(one.timeout == 5s);
    BOOST_TEST(one.retry->attempts == 5);
    BOOST_TEST(one.retry->backoff == 2s);
    BOOST_REQUIRE_EQUAL(one.headers->size(), 2U);
    BOOST_TEST(one.headers->at(1) == (header{"accept", "b"}));
    BOOST_TEST(config->jobs.secrets().hide("from-systemd") == "***");
    const job& two = config->jobs[1];
    BOOST_TEST(two.url == "http://api:8000/v1/two");
    BOOST_TEST(two.title == "${literal} fallbacktoo");
    BOOST_TEST(two.body == R"({"list":["a",true],"n":1})");
    BOOST_TEST(two.expect->max_body_bytes == 2048U);
    BOOST_TEST(two.expect->json.size() == 1U);
    BOOST_TEST(std::get<after>(two.trigger).at(0).when == condition::finished);
}

BOOST_AUTO_TEST_CASE(bounds_are_read_as_written)
{
    const auto config = load(R"(
[jobs.a]
url = "http://h/"
expect = { json = { "/a" = { min = 1, max = 2.5 }, "/b" = { min = 9223372036854775807 }, "/c" = { max = -1 } } }
)");
    BOOST_REQUIRE(config.has_value());
    const std::vector<json_check> expected{
        {.pointer = "/a", .min = 1, .max = 2.5},
        {.pointer = "/b", .min = 9223372036854775807},
        {.pointer = "/c", .max = -1}};
    BOOST_TEST(config->jobs[0].expect->json == expected);
}

BOOST_AUTO_TEST_CASE(each_mistake_has_its_place_and_words)
{
    struct row {
        const char* text;
        const char* expected;
    };
    const std::vector<row> rows{
        {"", "c.toml:1:1: jobs: there are no jobs; add a table such as [jobs.my-job]"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeuot = \"5s\"",
         "c.toml:3:1: jobs.a.timeuot: unknown key (did you mean 'timeout'?)"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = 5",
         "c.toml:3:11: jobs.a.timeout: must be a span such as \"5min\", not a number"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = \"5mins\"",
         "c.toml:3:11: jobs.a.timeout: unknown unit 'mins'; use us, ms, s, min, h, d, w, M or y"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = \"1000y\"",
         "c.toml:3:11: jobs.a.timeout: must be at most 100 years"},
        {"[jobs.a]\nurl = \"http://h/\"\n[runner]\nshutdown_grace = \"1000y\"",
         "c.toml:4:18: runner.shutdown_grace: must be at most 100 years"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = \"0\"",
         "c.toml:3:11: jobs.a.timeout: must be longer than 0"},
        {"[jobs.a]\ntimeout = \"1s\"", "c.toml:1:1: jobs.a.url: a job needs a url"},
        {"[jobs.a]\nurl = \"/x\"",
         "c.toml:2:7: jobs.a.url: not an absolute URL such as http://host:port/path"},
        {"[jobs.a]\nurl = \"ftp://h/\"",
         "c.toml:2:7: jobs.a.url: the scheme must be http or https"},
        {"[jobs.a]\nurl = 3", "c.toml:2:7: jobs.a.url: must be a text, not a number"},
        {"[jobs.a]\nurl = \"${NOBODY}\"", "c.toml:2:7: jobs.a.url: the variable NOBODY is not set; "
                                          "set it, or write ${NOBODY:-default}"},
        {"[jobs.a]\nurl = \"${NOBODY\"", "c.toml:2:7: jobs.a.url: '${' is not closed by '}'"},
        {"[jobs.a]\nurl = \"${file:/nowhere}\"",
         "c.toml:2:7: jobs.a.url: cannot read the file /nowhere: no such file or directory"},
        {"[jobs.\"a b\"]\nurl = \"http://h/\"",
         "c.toml:1:1: jobs.a b: a job's name holds only letters, digits, '.', '_' and '-'"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1s\", on_boot = \"1s\", on_start = "
         "\"1s\" }",
         "c.toml:3:55: jobs.a.schedule.on_start: either on_boot or on_start, not both"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { accuracy = \"1s\" }",
         "c.toml:3:12: jobs.a.schedule: needs every, cron, calendar, at, on_boot or on_start"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"50ms\" }",
         "c.toml:3:22: jobs.a.schedule.every: must be at least 100ms"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = 5",
         "c.toml:3:12: jobs.a.schedule: must be a cron expression such as \"0 9 * * MON-FRI\", or "
         "a "
         "table"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = \"0 25 * * *\"",
         "c.toml:3:12: jobs.a.schedule: column 3: 25 is no hour, which is 0-23"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = \"0 0 30 2 *\"",
         "c.toml:3:12: jobs.a.schedule.cron: never fires: there is no such time from 1970 to 2199"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { calendar = \"*:*:0/0.05\" }",
         "c.toml:3:25: jobs.a.schedule.calendar: its instants must lie at least 100ms apart"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"* * * * *\", every = \"1s\" }",
         "c.toml:3:21: jobs.a.schedule.cron: a schedule has either every or cron, not both"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"* * * * *\", on_boot = \"1s\" }",
         "c.toml:3:44: jobs.a.schedule.on_boot: goes with every, not with cron"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"* * * * *\", timezone = "
         "\"Europe/Berlim\" }",
         "c.toml:3:45: jobs.a.schedule.timezone: there is no time zone 'Europe/Berlim' (did you "
         "mean "
         "'Europe/Berlin'?); it must be an IANA name such as Europe/Berlin, UTC, or local"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { calendar = \"08:00 Asia/Tokyo\", timezone = "
         "\"UTC\" }",
         "c.toml:3:25: jobs.a.schedule.calendar: names the zone Asia/Tokyo, but timezone is UTC; "
         "one of "
         "them is enough"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { at = [\"2026-02-30\"] }",
         "c.toml:3:20: jobs.a.schedule.at: column 9: here must stand a number from 1 to 28; a time "
         "is "
         "such as 2026-01-31T09:00:00Z"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { at = \"2011-12-30 09:00\", timezone = "
         "\"Pacific/Apia\" }",
         "c.toml:3:19: jobs.a.schedule.at: Pacific/Apia has no such time: its clocks pass over it"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", start = \"2027-01-02\", end "
         "= "
         "\"2027-01-01\" }",
         "c.toml:3:56: jobs.a.schedule.end: must be later than start"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", exclude = [\"Sat\", \"32\"] "
         "}",
         "c.toml:3:46: jobs.a.schedule.exclude: column 1: this is no hour, which is 0-23"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"0 9 * * *\", exclude = \"*-*-*\" }",
         "c.toml:3:44: jobs.a.schedule.exclude: excludes every time of the schedule"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"0 9 * * MON\", nth = 2 }",
         "c.toml:3:42: jobs.a.schedule.nth: needs start, which says where the counting begins"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"0 9 * * MON\", start = "
         "\"2026-01-05\", nth = 1 }",
         "c.toml:3:64: jobs.a.schedule.nth: must be 2 or more"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { cron = \"0 9 * * MON\", start = "
         "\"2026-01-05\", nth = 1.5 }",
         "c.toml:3:64: jobs.a.schedule.nth: must be a whole number, not a fraction"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", start = \"2026-01-05\", "
         "nth = 2 }",
         "c.toml:3:56: jobs.a.schedule.nth: goes with cron or calendar; it counts the times that "
         "these name"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { at = \"2027-01-05\", start = "
         "\"2026-01-05\", nth = 2 }",
         "c.toml:3:61: jobs.a.schedule.nth: goes with cron or calendar; it counts the times that "
         "these name"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", dst = \"maybe\" }",
         "c.toml:3:34: jobs.a.schedule.dst: must be one of 'run', 'skip', 'both', 'shift'"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", jitter = \"200y\" }",
         "c.toml:3:37: jobs.a.schedule.jitter: must be at most 100 years"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", catch_up = \"twice\" }",
         "c.toml:3:39: jobs.a.schedule.catch_up: must be one of 'none', 'once', 'all'"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", catch_up_window = \"0\" }",
         "c.toml:3:46: jobs.a.schedule.catch_up_window: must be longer than 0; catch_up = \"none\" "
         "sends nothing"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", catch_up_window = "
         "\"infinite\" "
         "}",
         "c.toml:3:46: jobs.a.schedule.catch_up_window: expected a number, such as 5min or 1.5s; "
         "or write \"infinity\""},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", catch_up_window = 5 }",
         "c.toml:3:46: jobs.a.schedule.catch_up_window: must be a span such as \"5min\", not a "
         "number; or write \"infinity\""},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1h\", catch_up_limit = 0 }",
         "c.toml:3:45: jobs.a.schedule.catch_up_limit: must be from 1 to 1000000"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1s\" }\nafter = \"b\"\n"
         "[jobs.b]\nurl = \"http://h/\"",
         "c.toml:4:9: jobs.a.after: a job has either schedule or after, not both"},
        {"[jobs.a]\nurl = \"http://h/\"\nafter = \"b\"",
         "c.toml:3:9: jobs.a.after.b: there is no job 'b'"},
        {"[jobs.a]\nurl = \"http://h/\"\nafter = { b = \"done\" }\n[jobs.b]\nurl = \"http://h/\"",
         "c.toml:3:15: jobs.a.after.b: must be one of 'succeeded', 'finished', 'failed'"},
        {"[jobs.a]\nurl = \"http://h/\"\nafter = \"b\"\n[jobs.b]\nurl = \"http://h/\"\nafter = "
         "\"a\"",
         "c.toml:3:9: jobs.a.after: a cycle: a waits for b waits for a"},
        {"[jobs.a]\nurl = \"http://h/\"\nheaders = { Host = \"x\" }",
         "c.toml:3:20: jobs.a.headers.Host: carillon sets this header itself"},
        {"[jobs.a]\nurl = \"http://h/\"\nheaders = { Carillon-Job = \"x\" }",
         "c.toml:3:28: jobs.a.headers.Carillon-Job: carillon sets this header itself"},
        {"[jobs.a]\nurl = \"http://h/\"\nheaders = { Idempotency-Key = \"x\" }",
         "c.toml:3:31: jobs.a.headers.Idempotency-Key: carillon sets this header itself"},
        {"[jobs.a]\nurl = \"http://h/\"\nheaders = { traceparent = \"x\" }",
         "c.toml:3:27: jobs.a.headers.traceparent: carillon sets this header itself"},
        {"[jobs.a]\nurl = \"http://h/\"\nheaders = { X-A = \"x\", x-a = \"y\" }",
         "c.toml:3:30: jobs.a.headers.x-a: names a header twice: case does not tell them apart"},
        {"[jobs.a]\nurl = \"http://h/\"\nheaders = { X = \"a\\nb\" }",
         "c.toml:3:17: jobs.a.headers.X: a header's value cannot hold control characters"},
        {"[jobs.a]\nurl = \"http://h/\"\nretry = { attempts = 0 }",
         "c.toml:3:22: jobs.a.retry.attempts: must be from 1 to 1000; the first attempt counts"},
        {"[jobs.a]\nurl = \"http://h/\"\nretry = { backoff = \"1min\" }",
         "c.toml:3:21: jobs.a.retry.backoff: 1min is longer than max_backoff (30s)"},
        {"[jobs.a]\nurl = \"http://h/\"\nretry = { on = [\"6xx\"] }",
         "c.toml:3:17: jobs.a.retry.on: must hold statuses such as 503 or \"5xx\", "
         "\"unreachable\", \"timed_out\", \"expect\""},
        {"[jobs.a]\nurl = \"http://h/\"\nretry = { jitter = \"some\" }",
         "c.toml:3:20: jobs.a.retry.jitter: must be one of 'full', 'none'"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { status = 42 }",
         "c.toml:3:21: jobs.a.expect.status: must be a status such as 200 or \"2xx\", from 100 to "
         "599"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { status = 1 } }",
         "c.toml:3:30: jobs.a.expect.json.status: a JSON pointer begins with '/', such as /status"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { \"/n\" = { mni = 1 } } }",
         "c.toml:3:30: jobs.a.expect.json./n.mni: unknown key (did you mean 'min'?)"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { \"/n\" = { min = \"1\", max = 2 } } }",
         "c.toml:3:36: jobs.a.expect.json./n.min: must be a number"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { \"/n\" = { max = inf } } }",
         "c.toml:3:36: jobs.a.expect.json./n.max: must be a number"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { \"/n\" = { min = 3, max = 2.5 } } }",
         "c.toml:3:36: jobs.a.expect.json./n.min: 3 is larger than max (2.5)"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { \"/n\" = {} } }",
         "c.toml:3:28: jobs.a.expect.json./n: at least one value, or min or max, must be given"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { json = { \"/n\" = [[1]] } }",
         "c.toml:3:29: jobs.a.expect.json./n: must be a text, a number, true, false, a list of "
         "such "
         "values, or bounds such as { min = 1 }"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { max_body = \"1XB\" }",
         "c.toml:3:23: jobs.a.expect.max_body: must be a size such as \"1MiB\", \"64KiB\" or a "
         "number of bytes"},
        {"[jobs.a]\nurl = \"http://h/\"\nmessage = \"m\"",
         "c.toml:3:11: jobs.a.message: a JSON pointer begins with '/', such as /status"},
        {"[jobs.a]\nurl = \"http://h/\"\nmethod = \"\"",
         "c.toml:3:10: jobs.a.method: not an HTTP method, such as POST"},
        {"[jobs.a]\nurl = \"http://h/\"\nmethod = \"post\"",
         "c.toml:3:10: jobs.a.method: methods are in capitals: write POST"},
        {"[jobs.a]\nurl = \"http://h/\"\nmethod = \"trace\"",
         "c.toml:3:10: jobs.a.method: TRACE cannot be sent by a job"},
        {"[jobs.a]\nurl = \"http://h/\"\nenabled = \"no\"",
         "c.toml:3:11: jobs.a.enabled: must be true or false, not a text"},
        {"[jobs.a]\nurl = \"http://h/\"\ntags = [1]",
         "c.toml:3:8: jobs.a.tags: must be a list of texts"},
        {"[jobs.a]\nurl = \"http://h/\"\n[log]\nlevel = \"info\"",
         "c.toml:4:1: log.level: unknown key"},
        {"[jobs.a]\nurl = \"http://h/\"\n[[log.sinks]]\ntype = \"paper\"",
         "c.toml:4:8: log.sinks.type: must be one of 'console', 'file', 'journal', 'syslog'"},
        {"[jobs.a]\nurl = \"http://h/\"\n[[log.sinks]]\ntype = \"file\"",
         "c.toml:3:1: log.sinks.path: a file sink needs a path"},
        {"[jobs.a]\nurl = \"http://h/\"\n[[log.sinks]]\ntype = \"console\"\nchain = \"b\"",
         "c.toml:5:9: log.sinks.chain: there is no job 'b'"},
        {"[jobs.a]\nurl = \"http://h/\"\n[runner]\nthreads = 1",
         "c.toml:4:1: runner.threads: unknown key"},
        {"[control]\n[jobs.a]\nurl = \"http://h/\"", "c.toml:1:2: control: unknown key"},
        {"include = [\"none.toml\"]\n[jobs.a]\nurl = \"http://h/\"",
         "c.toml:1:11: include: there is no file none.toml"},
        {"[defaults]\nbackoff = \"1s\"\n[jobs.a]\nurl = \"http://h/\"",
         "c.toml:2:1: defaults.backoff: unknown key"},
        {"[defaults]\ntimeout = \"0\"\n[jobs.a]\nurl = \"http://h/\"\n[jobs.b]\nurl = "
         "\"http://h/\"",
         "c.toml:2:11: defaults.timeout: must be longer than 0"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text) { BOOST_TEST(errors(r.text) == r.expected); }
    }
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_told_at_once)
{
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"x\"\ntimeout = 1\n[jobs.b]\nurl = \"http://h/\"\ncolour = 1\n") ==
        "c.toml:2:7: jobs.a.url: not an absolute URL such as http://host:port/path\n"
        "c.toml:3:11: jobs.a.timeout: must be a span such as \"5min\", not a number\n"
        "c.toml:6:1: jobs.b.colour: unknown key");
}

BOOST_AUTO_TEST_CASE(includes_add_jobs)
{
    std::filesystem::create_directory(folder / "conf.d");
    write("conf.d/b.toml", "[jobs.b]\nurl = \"/b\"\n");
    write("conf.d/a.toml", "[jobs.a]\nurl = \"/a\"\n");
    const auto config = load(
        "include = [\"conf.d/*.toml\", \"none/*.toml\"]\n[defaults]\nbase_url = \"http://h\"\n");
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->jobs.size() == 2U);
    BOOST_TEST(config->jobs[0].url == "http://h/a");
    write("conf.d/c.toml", "[jobs.a]\nurl = \"/a\"\n[log]\n");
    BOOST_TEST(
        errors("include = [\"conf.d/*.toml\"]\n[defaults]\nbase_url = \"http://h\"\n") ==
        "conf.d/c.toml:1:7: jobs.a: is defined in conf.d/a.toml already\nconf.d/c.toml:3:2: log: "
        "unknown key");
}

BOOST_AUTO_TEST_CASE(what_was_missed_is_caught_up_with_as_written)
{
    const auto config = load(R"(
[jobs.usual]
url = "http://h/"
schedule = { every = "1h" }
[jobs.all]
url = "http://h/"
schedule = { every = "1h", catch_up = "all", catch_up_window = "2d", catch_up_limit = 7 }
[jobs.none]
url = "http://h/"
schedule = { every = "1h", catch_up = "none", catch_up_window = "infinity" }
)");
    BOOST_REQUIRE(config.has_value());
    const auto of = [&](job_index i) { return std::get<schedule>(config->jobs[i].trigger); };
    BOOST_TEST(of(0).catch_up == catch_up_policy::once);
    BOOST_TEST(of(0).catch_up_window == unbounded);
    BOOST_TEST(of(0).catch_up_limit == 100);
    BOOST_TEST(of(1).catch_up == catch_up_policy::all);
    BOOST_TEST(of(1).catch_up_window == 48h);
    BOOST_TEST(of(1).catch_up_limit == 7);
    BOOST_TEST(of(2).catch_up == catch_up_policy::none);
    BOOST_TEST(of(2).catch_up_window == unbounded);
}

BOOST_AUTO_TEST_CASE(every_nth_time_counts_from_the_start_as_its_zone_shows_it)
{
    const auto config = load(R"(
[jobs.plain]
url = "http://h/"
schedule = { cron = "0 9 * * MON", start = "2026-01-05", nth = 2 }
[jobs.in_a_gap]
url = "http://h/"
schedule = { cron = "0 9 * * MON", start = "2026-03-29 02:30", nth = 3, timezone = "Europe/Berlin" }
[jobs.with_offset]
url = "http://h/"
schedule = { cron = "0 9 * * MON", start = "2026-01-05T00:00:00Z", nth = 2, timezone = "Europe/Berlin" }
[jobs.own_zone]
url = "http://h/"
schedule = { calendar = "09:00 Asia/Tokyo", start = "2026-01-05", nth = 2 }
)");
    BOOST_REQUIRE(config.has_value());
    const auto nth_of = [&](job_index i) {
        return std::get<schedule>(config->jobs[i].trigger).nth.value();
    };
    const local_instant day = std::chrono::local_days{std::chrono::year{2026} / 1 / 5};
    const local_instant night = std::chrono::local_days{std::chrono::year{2026} / 3 / 29};
    BOOST_CHECK(nth_of(0) == (every_nth{.n = 2, .from = day}));
    BOOST_CHECK(nth_of(1) == (every_nth{.n = 3, .from = night + 150min}));
    BOOST_CHECK(nth_of(2) == (every_nth{.n = 2, .from = day + 1h}));
    BOOST_CHECK(nth_of(3) == (every_nth{.n = 2, .from = day + 9h}));
}

BOOST_AUTO_TEST_CASE(each_file_is_read_once)
{
    std::filesystem::create_directory(folder / "conf.d");
    write("conf.d/a.toml", "[jobs.a]\nurl = \"http://h/\"\ncolour = 1\n");
    std::filesystem::create_symlink("a.toml", folder / "conf.d/b.toml");
    BOOST_TEST(
        errors("include = [\"conf.d/*.toml\", \"*.toml\", \"conf.d/../conf.d/a.toml\"]\n") ==
        "conf.d/a.toml:3:1: jobs.a.colour: unknown key");
}

BOOST_AUTO_TEST_CASE(what_a_job_with_two_triggers_waits_for_is_looked_at)
{
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1s\" }\nafter = \"b\"\n") ==
        "c.toml:4:9: jobs.a.after: a job has either schedule or after, not both\n"
        "c.toml:4:9: jobs.a.after.b: there is no job 'b'");
}

BOOST_AUTO_TEST_CASE(a_schedule_wholly_past_is_warned_of)
{
    const auto config = load(R"([jobs.once]
url = "http://h/"
schedule = { at = ["2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"] }
[jobs.year]
url = "http://h/"
schedule = { calendar = "2021-*-01 09:00" }
[jobs.ended]
url = "http://h/"
schedule = { every = "1h", end = "2022-01-01T00:00:00Z" }
[jobs.goes-on]
url = "http://h/"
schedule = "0 9 * * *"
)");
    BOOST_REQUIRE(config.has_value());
    std::string all;
    for (const auto& w : config->warnings) {
        config_error shown = w;
        shown.file = "c.toml";
        all += to_string(shown) + "\n";
    }
    BOOST_TEST(
        all == "c.toml:3:12: jobs.once.schedule: never fires again: its last time was "
               "2020-02-01T00:00:00Z\n"
               "c.toml:6:12: jobs.year.schedule: never fires again: its last time was "
               "2021-12-01T09:00:00Z\n"
               "c.toml:9:12: jobs.ended.schedule: never fires again: its last time was "
               "2021-12-31T23:00:00Z\n");
}

BOOST_AUTO_TEST_CASE(a_key_in_the_file_is_warned_of)
{
    const auto config =
        load("[jobs.a]\nurl = \"http://h/\"\nheaders = { X-API-Key = \"plain-text\" }\n");
    BOOST_REQUIRE(config.has_value());
    BOOST_REQUIRE_EQUAL(config->warnings.size(), 1U);
    BOOST_TEST(config->warnings[0].line == 3U);
    BOOST_TEST(to_string(config->warnings[0]).find("plain-text") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_cron_expression_may_be_something_else)
{
    const auto why = [&](const std::string& written) {
        return errors("[jobs.a]\nurl = \"http://h/\"\nschedule = " + written);
    };
    for (const char* written : {"\"daily\"", "{ cron = \"daily\" }"})
        BOOST_TEST(why(written).ends_with(" (did you mean '@daily'?)"), why(written));
    for (const char* written : {"\"Mon 09:00\"", "{ cron = \"Mon 09:00\" }"})
        BOOST_TEST(
            why(written).ends_with(" (it is a calendar event: write it as calendar)"),
            why(written));
    BOOST_TEST(
        why("\"0 25 * * *\"") ==
        "c.toml:3:12: jobs.a.schedule: column 3: 25 is no hour, which is 0-23");
}

BOOST_AUTO_TEST_SUITE_END()
