// Sections 6 and 7 of the schedule semantics, case by case: what is expected was worked out by
// hand.

#include "scenario_player.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(simulations, scenario_player)

BOOST_AUTO_TEST_CASE(each_mistake_has_its_place)
{
    struct row {
        const char* option;
        const char* expected;
    };
    const auto config = load(jobs_text(quarter_hourly));
    BOOST_REQUIRE(config.has_value());
    const std::vector<row> rows{
        {"for x", "--for: column 1: expected a number, such as 5min or 1.5s\n  x\n  ^"},
        {"down 10:30:00Z",
         "--down: column 21: must be a time, a slash and a span: 2026-01-31T09:00:00Z/10min\n  "
         "2026-01-01T10:30:00Z\n                      ^"},
        {"off 10:30:00Z/-1h", "--off: column 22: a span cannot be negative\n  "
                              "2026-01-01T10:30:00Z/-1h\n                       ^"},
        {"step 10:30:00Z/200y", "--step: column 22: must be at most 100 years\n  "
                                "2026-01-01T10:30:00Z/200y\n               "
                                "        ^"},
        {"down 09:30:00Z/1h",
         "--down: column 1: is before the beginning, --from\n  2026-01-01T09:30:00Z/1h\n  ^"},
        {"reply a",
         "--reply: column 2: must be JOB=OUTCOME/SPAN, such as backup=failed/5s\n  a\n   ^"},
        {"reply b=failed/1s", "--reply: column 1: there is no job 'b'\n  b=failed/1s\n  ^"},
        {"reply a=bad/1s",
         "--reply: column 3: must be completed, failed, timed_out, unreachable or rejected\n  "
         "a=bad/1s\n    ^"},
    };
    for (const row& r : rows) {
        const auto read = read_scenario(read_options({r.option}), config->jobs, instant{});
        BOOST_REQUIRE(read.has_error());
        BOOST_TEST(to_string(read.error()) == r.expected);
    }
    BOOST_TEST(
        read_scenario(
            read_options({"step 10:30:00Z/-1h", "down 09:45:00Z/1min"}), config->jobs, instant{})
            .has_value());
}

BOOST_AUTO_TEST_CASE(grids)
{
    const std::string start_anchored = scheduled("on_start = \"10min\", every = \"15min\"");
    const std::string once_a_start = scheduled("on_start = \"5min\"");
    expect({
        {"every alone counts from the epoch",
         quarter_hourly,
         {"from 10:07:00Z", "for 30min"},
         {"10:15:00 a", "10:30:00 a"}},
        {"a slow run moves no tick",
         quarter_hourly,
         {"for 1h", "reply a=completed/20min"},
         {"10:15:00 a", "10:30:00 a skipped overlap", "10:45:00 a", "11:00:00 a skipped overlap"}},
        {"a start begins a new grid",
         start_anchored,
         {"for 1h", "down 10:27:00Z/0"},
         {"10:10:00 a", "10:25:00 a", "10:37:00 a", "10:52:00 a"}},
        {"ticks missed before a start are its first tick's",
         start_anchored,
         {"for 100min", "down 10:27:00Z/50min"},
         {"10:10:00 a", "10:25:00 a", "11:17:00 a missed 3: 10:40:00 - 11:10:00 coalesced",
          "11:27:00 a"}},
        {"one tick a start", once_a_start, {"down 11:00:00Z/0"}, {"10:05:00 a", "11:05:00 a"}},
    });
}

BOOST_AUTO_TEST_CASE(grids_of_a_boot)
{
    const std::string once_a_boot = scheduled("on_boot = \"5min\"");
    expect({
        {"a boot's first tick is rounded up to a second",
         pin_112,
         {"from 10:00:00.4Z", "boot 10:00:00.4Z", "for 25min"},
         {"10:05:01 a", "10:20:01 a"}},
        {"example 9: restarts in one boot",
         pin_112,
         {"for 70min", "down 10:27:00Z/0", "down 10:31:00Z/22min"},
         {"10:05:00 a", "10:20:00 a", "10:53:00 a missed 1: 10:35:00 - 10:35:00 coalesced",
          "10:53:00 a of 10:50:00", "11:05:00 a"}},
        {"example 10: a new boot",
         pin_112,
         {"from 11:00:00Z", "boot 10:00:00Z", "for 150min", "off 11:10:00Z/110min"},
         {"11:00:00 a of 10:50:00", "11:05:00 a",
          "13:00:00 a missed 7: 11:20:00 - 12:50:00 coalesced", "13:05:00 a", "13:20:00 a"}},
        {"a new boot without catch-up",
         none_pin,
         {"for 205min", "off 10:40:00Z/2h20min"},
         {"10:05:00 a", "10:20:00 a", "10:35:00 a",
          "13:00:00 a missed 9: 10:50:00 - 12:50:00 window", "13:05:00 a", "13:20:00 a"}},
        {"a new boot, each caught up with from the first tick on",
         all_pin,
         {"for 200min", "off 10:40:00Z/2h20min", "reply a=completed/40s"},
         {"10:05:00 a", "10:20:00 a", "10:35:00 a", "13:05:00 a", "13:05:40 a of 10:50:00",
          "13:06:20 a of 11:05:00", "13:07:00 a of 11:20:00", "13:07:40 a of 11:35:00",
          "13:08:20 a of 11:50:00", "13:09:00 a of 12:05:00", "13:09:40 a of 12:20:00",
          "13:10:20 a of 12:35:00", "13:11:00 a of 12:50:00", "13:20:00 a"}},
        {"a late start runs the latest tick of the boot",
         pin_112,
         {"boot 09:00:00Z", "for 10min"},
         {"10:00:00 a of 09:50:00", "10:05:00 a"}},
        {"but not without catch-up", none_pin, {"boot 09:00:00Z", "for 10min"}, {"10:05:00 a"}},
        {"and only that one with all",
         all_pin,
         {"boot 09:00:00Z", "for 10min"},
         {"10:00:00 a of 09:50:00", "10:05:00 a"}},
        {"one tick a boot",
         once_a_boot,
         {"off 11:00:00Z/1h", "down 12:30:00Z/0"},
         {"10:05:00 a", "12:05:00 a"}},
        {"carillon starts with the machine",
         pin_112,
         {"boot 10:30:00Z", "for 40min"},
         {"10:35:00 a"}},
    });
}

BOOST_AUTO_TEST_CASE(what_narrows_and_delays)
{
    const std::string windows =
        "[jobs.A]\nurl = \"/\"\nschedule = { at = \"2026-01-01 10:00:00\", accuracy = \"60s\" }\n"
        "[jobs.B]\nurl = \"/\"\nschedule = { at = \"2026-01-01 10:00:40\" }\n"
        "[jobs.C]\nurl = \"/\"\nschedule = { at = \"2026-01-01 10:01:30\", accuracy = \"60s\" }\n";
    const std::vector<played> rows{
        {"example 8: windows fall together",
         windows,
         {"from 09:59:00Z", "for 5min"},
         {"10:00:40 A of 10:00:00", "10:00:40 B", "10:01:30 C"}},
        {"a lone job is not delayed",
         scheduled("every = \"1h\", accuracy = \"10min\""),
         {"for 90min"},
         {"11:00:00 a"}},
        {"jitter keeps the name",
         scheduled("every = \"1h\", jitter = \"10min\""),
         {"for 130min"},
         {"11:08:49.681112 a of 11:00:00", "12:03:48.967773 a of 12:00:00"}},
        {"lateness counts from the jitter",
         scheduled("every = \"1h\", jitter = \"10min\", catch_up = \"none\""),
         {"for 90min", "down 10:30:00Z/39min30s"},
         {"11:09:30 a of 11:00:00"}},
        {"excluded instants are neither due nor owed",
         scheduled("every = \"1h\", exclude = \"12:00\""),
         {"down 10:30:00Z/3h"},
         {"13:30:00 a missed 1: 11:00:00 - 11:00:00 coalesced", "13:30:00 a of 13:00:00",
          "14:00:00 a"}},
        {"start is included, end is not",
         scheduled("every = \"1h\", start = \"2026-01-01 11:00\", end = \"2026-01-01T13:00:00Z\""),
         {},
         {"11:00:00 a", "12:00:00 a"}},
        {"every n-th is due, and an excluded one moves no number",
         scheduled("cron = \"*/30 * * * *\", start = \"2026-01-01 10:30\", nth = 3, exclude = "
                   "\"12:00\""),
         {"for 4h", "down 13:15:00Z/30min"},
         {"10:30:00 a", "13:45:00 a of 13:30:00"}},
        {"what passes before start is not owed",
         scheduled("every = \"1h\", start = \"2026-01-01 12:00\""),
         {"down 10:30:00Z/3h"},
         {"13:30:00 a missed 1: 12:00:00 - 12:00:00 coalesced", "13:30:00 a of 13:00:00",
          "14:00:00 a"}},
        {"a past at is not owed at first sight",
         scheduled("at = [\"2026-01-01 09:00\", \"2026-01-01 11:00\"]"),
         {},
         {"11:00:00 a"}},
        {"a missed at is caught up with",
         scheduled("at = [\"2026-01-01 11:00\"]"),
         {"down 10:30:00Z/2h"},
         {"12:30:00 a of 11:00:00"}},
        {"a disabled job is not due",
         "[jobs.a]\nurl = \"/\"\nenabled = false\nschedule = { every = \"1h\" }\n",
         {},
         {}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_CASE(chains_and_ends)
{
    const std::string chain =
        "[jobs.a]\nurl = \"/\"\nschedule = { every = \"1h\" }\n"
        "[jobs.b]\nurl = \"/\"\nafter = \"a\"\n"
        "expect = { json = { \"/ok/0\" = true, \"/n\" = 3, \"/m\" = { min = 2, "
        "max = 4 }, \"/l\" = { max = -1 } } }\n"
        "[jobs.c]\nurl = \"/\"\nafter = { a = \"failed\" }\n";
    const std::vector<played> rows{
        {"each job of a run bears its instant",
         chain,
         {"for 65min"},
         {"11:00:00 a", "11:00:01 b of 11:00:00", "11:00:01 c skipped of 11:00:00 condition"}},
        {"what was skipped is told once, whatever cuts the run off",
         chain,
         {"for 65min", "reply b=completed/20s", "off 11:00:10Z/1min"},
         {"11:00:00 a", "11:00:01 b of 11:00:00", "11:00:01 c skipped of 11:00:00 condition",
          "11:00:10 b ended of 11:00:00 interrupted", "11:01:10 b of 11:00:00"}},
        {"what an endpoint does",
         chain,
         {"for 65min", "reply a=unreachable/5s", "reply c=timed_out/2s"},
         {"11:00:00 a", "11:00:05 a ended of 11:00:00 unreachable",
          "11:00:05 b skipped of 11:00:00 condition", "11:00:05 c of 11:00:00",
          "11:00:07 c ended of 11:00:00 timed_out"}},
        {"a reply holds what others are sent",
         "[jobs.a]\nurl = \"/\"\nschedule = { every = \"1h\" }\n"
         "[jobs.b]\nurl = \"/{{jobs.a/user/id}}\"\nafter = \"a\"\n",
         {"for 65min"},
         {"11:00:00 a", "11:00:01 b of 11:00:00"}},
        {"a reply that takes too long",
         "[jobs.a]\nurl = \"/\"\ntimeout = \"10s\"\nschedule = { every = \"1h\" }\n",
         {"for 65min", "reply a=completed/5min"},
         {"11:00:00 a", "11:00:10 a ended of 11:00:00 timed_out"}},
        {"a stop lets a run end",
         hourly,
         {"for 65min", "down 11:00:10Z/1min", "reply a=completed/35s"},
         {"11:00:00 a"}},
        {"within its grace",
         hourly,
         {"for 65min", "down 11:00:10Z/1min", "reply a=completed/10min"},
         {"11:00:00 a", "11:00:40 a ended of 11:00:00 cancelled shutdown"}},
        {"unless the machine is switched off meanwhile: then it is sent again",
         hourly,
         {"for 65min", "down 11:00:10Z/1min", "off 11:00:12Z/1min", "reply a=completed/35s"},
         {"11:00:00 a", "11:00:12 a ended of 11:00:00 interrupted", "11:01:12 a of 11:00:00"}},
        {"and the next start waits for it",
         quarter_hourly,
         {"for 31min", "down 10:15:05Z/0", "reply a=completed/20s"},
         {"10:15:00 a", "10:30:00 a"}},
        {"a machine that is switched off sends again what it cut off",
         hourly,
         {"for 65min", "off 11:00:10Z/1min", "reply a=completed/35s"},
         {"11:00:00 a", "11:00:10 a ended of 11:00:00 interrupted", "11:01:10 a of 11:00:00"}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_CASE(a_run_has_ended_at_the_instant_of_its_end)
{
    for (const char* policy : {"skip", "queue", "replace"}) {
        const std::string jobs = std::string(quarter_hourly) + "overlap = \"" + policy +
                                 "\"\n[jobs.b]\nurl = \"/\"\nafter = \"a\"\n";
        const std::vector<std::string> exact{
            "for 46min", "reply a=completed/5min", "reply b=completed/10min"};
        const std::vector<std::string> expected{
            "10:15:00 a", "10:20:00 b of 10:15:00", "10:30:00 a", "10:35:00 b of 10:30:00",
            "10:45:00 a"};
        BOOST_TEST(play({policy, jobs, exact, {}}) == expected, boost::test_tools::per_element());
        // A moment later the next run has begun, or has not.
        const std::vector<std::string> late{
            "for 31min", "reply a=completed/5min", "reply b=completed/10min 1us"};
        BOOST_TEST(play({policy, jobs, late, {}}).at(2) != "10:30:00 a");
    }
}

BOOST_AUTO_TEST_CASE(what_ends_at_an_instant_comes_before_what_is_due_at_it)
{
    const std::vector<played> rows{
        {"a run is no overlap of the next",
         quarter_hourly,
         {"for 1h", "reply a=completed/15min"},
         {"10:15:00 a", "10:30:00 a", "10:45:00 a", "11:00:00 a"}},
        {"nor is one that times out just then",
         "[jobs.a]\nurl = \"/\"\ntimeout = \"15min\"\nschedule = { every = \"15min\" }\n",
         {"for 45min", "reply a=completed/1h"},
         {"10:15:00 a", "10:30:00 a ended of 10:15:00 timed_out", "10:30:00 a",
          "10:45:00 a ended of 10:30:00 timed_out", "10:45:00 a"}},
        {"nor a chain of runs without delay",
         std::string(quarter_hourly) + "[jobs.b]\nurl = \"/\"\nafter = \"a\"\n",
         {"for 30min", "reply a=completed/15min", "reply b=completed/0"},
         {"10:15:00 a", "10:30:00 b of 10:15:00", "10:30:00 a"}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_CASE(the_beginning_is_exclusive)
{
    const std::vector<played> rows{
        {"an instant at --from is not played", hourly, {"for 1h"}, {"11:00:00 a"}},
        {"nor is that of a date", scheduled("at = \"2026-01-01 10:00\""), {"for 1h"}, {}},
        {"nor is that of an expression", scheduled("cron = \"0 10 * * *\""), {"for 1h"}, {}},
        {"a tick of that moment is the latest of the boot, which a late start runs",
         scheduled("on_boot = \"5min\", every = \"15min\""),
         {"boot 09:55:00Z", "for 10min"},
         {"10:00:00 a"}},
        {"unless nothing is caught up with",
         none_pin,
         {"boot 09:55:00Z", "for 20min"},
         {"10:15:00 a"}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_SUITE_END()
