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
    BOOST_TEST(config->warnings[0].place.line == 3U);
    BOOST_TEST(to_string(config->warnings[0]).find("plain-text") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_environment_names_the_format_of_consoles_without_one)
{
    const std::string jobs = "[jobs.a]\nurl = \"http://h/\"\n";
    const auto formats = [&](const std::string& sinks) {
        const auto config = load(sinks + jobs);
        std::vector<log_format> out;
        for (const sink_options& o : config->sinks) out.push_back(o.format);
        return out;
    };
    using enum log_format;
    const std::string several = "[[log.sinks]]\ntype = \"console\"\n"
                                "[[log.sinks]]\ntype = \"console\"\nformat = \"logfmt\"\n"
                                "[[log.sinks]]\ntype = \"file\"\npath = \"/x\"\n";
    BOOST_TEST((formats("") == std::vector{text}));
    BOOST_TEST((formats(several) == std::vector{text, logfmt, text}));
    environment["CARILLON_LOG_FORMAT"] = "json";
    BOOST_TEST((formats("") == std::vector{json}));
    BOOST_TEST((formats(several) == std::vector{json, logfmt, text}));
    environment["CARILLON_LOG_FORMAT"] = "";
    BOOST_TEST((formats("") == std::vector{text}));
    environment["CARILLON_LOG_FORMAT"] = "yaml";
    BOOST_TEST(
        errors(jobs) ==
        "the environment's CARILLON_LOG_FORMAT: must be 'text', 'json', 'logfmt' or "
        "'classic', not 'yaml'");
}

BOOST_AUTO_TEST_SUITE_END()
