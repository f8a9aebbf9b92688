// What is said of mistakes in a configuration, and where.

#include "config_fixture.hpp"
#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon::app;

namespace configuration_mistakes {

struct mistake {
    const char* text;
    const char* expected;
};

struct mistaken_configuration : config_fixture {
    void expect(const std::vector<mistake>& rows)
    {
        for (const mistake& m : rows) {
            BOOST_TEST_CONTEXT(m.text) { BOOST_TEST(errors(m.text) == m.expected); }
        }
    }
};

} // namespace configuration_mistakes

BOOST_FIXTURE_TEST_SUITE(configuration_mistakes, mistaken_configuration)

BOOST_AUTO_TEST_CASE(each_has_its_place_and_words_in_a_job)
{
    expect({
        {"[jobs.a]\nurl = \"http://h/\"\ntimeuot = \"5s\"",
         "c.toml:3:1: jobs.a.timeuot: unknown key (did you mean 'timeout'?)"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = 5",
         "c.toml:3:11: jobs.a.timeout: must be a span such as \"5min\", not a number"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = \"5mins\"",
         "c.toml:3:11: jobs.a.timeout: unknown unit 'mins'; use us, ms, s, min, h, d, w, M or y"},
        {"[jobs.a]\nurl = \"http://h/\"\ntimeout = \"1000y\"",
         "c.toml:3:11: jobs.a.timeout: must be at most 100 years"},
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
    });
}

BOOST_AUTO_TEST_CASE(each_has_its_place_and_words_in_a_schedule)
{
    expect({
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
         "c.toml:3:44: jobs.a.schedule.on_boot: may stand beside every, not beside cron"},
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
    });
}

BOOST_AUTO_TEST_CASE(each_has_its_place_and_words_where_a_schedule_is_narrowed)
{
    expect({
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
    });
}

BOOST_AUTO_TEST_CASE(each_has_its_place_and_words_where_a_schedule_moves_or_catches_up)
{
    expect({
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
    });
}

BOOST_AUTO_TEST_CASE(each_has_its_place_and_words_where_replies_are_judged)
{
    expect({
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
    });
}

BOOST_AUTO_TEST_CASE(each_has_its_place_and_words_beside_the_jobs)
{
    expect({
        {"", "c.toml:1:1: jobs: there are no jobs; add a table such as [jobs.my-job]"},
        {"[jobs.a]\nurl = \"http://h/\"\n[runner]\nshutdown_grace = \"1000y\"",
         "c.toml:4:18: runner.shutdown_grace: must be at most 100 years"},
        {"[jobs.\"a b\"]\nurl = \"http://h/\"",
         "c.toml:1:1: jobs.a b: a job's name holds only letters, digits, '.', '_' and '-'"},
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
    });
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_told_at_once)
{
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"x\"\ntimeout = 1\n[jobs.b]\nurl = \"http://h/\"\ncolour = 1\n") ==
        "c.toml:2:7: jobs.a.url: not an absolute URL such as http://host:port/path\n"
        "c.toml:3:11: jobs.a.timeout: must be a span such as \"5min\", not a number\n"
        "c.toml:6:1: jobs.b.colour: unknown key");
}

BOOST_AUTO_TEST_CASE(what_a_job_with_two_triggers_waits_for_is_looked_at)
{
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"1s\" }\nafter = \"b\"\n") ==
        "c.toml:4:9: jobs.a.after: a job has either schedule or after, not both\n"
        "c.toml:4:9: jobs.a.after.b: there is no job 'b'");
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
