// What was missed while nobody ran, and how it is caught up with.

#include "scenario_player.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(simulated_outages, scenario_player)

BOOST_AUTO_TEST_CASE(late_and_missed)
{
    const std::string accurate =
        scheduled("every = \"1h\", catch_up = \"none\", accuracy = \"30s\"");
    expect({
        {"30 s past due is late, and runs",
         none_hourly,
         {"for 61min", "down 10:59:30Z/1min"},
         {"11:00:30 a of 11:00:00"}},
        {"60 s, too",
         none_hourly,
         {"for 62min", "down 10:59:00Z/2min"},
         {"11:01:00 a of 11:00:00"}},
        {"61 s is missed",
         none_hourly,
         {"for 62min", "down 10:59:00Z/121s"},
         {"11:01:01 a missed 1: 11:00:00 - 11:00:00 window"}},
        {"unless the accuracy allows it",
         accurate,
         {"for 62min", "down 10:59:00Z/150s"},
         {"11:01:30 a of 11:00:00"}},
    });
}

BOOST_AUTO_TEST_CASE(missed_instants_are_caught_up_with)
{
    expect({
        {"once runs the latest missed",
         hourly,
         {"for 210min", "down 10:30:00Z/3h"},
         {"13:30:00 a missed 2: 11:00:00 - 12:00:00 coalesced", "13:30:00 a of 13:00:00"}},
        {"or the late one",
         hourly,
         {"for 181min", "down 10:30:00Z/2h30min20s"},
         {"13:00:20 a missed 2: 11:00:00 - 12:00:00 coalesced", "13:00:20 a of 13:00:00"}},
        {"none sends nothing of it",
         none_hourly,
         {"down 10:30:00Z/3h"},
         {"13:30:00 a missed 3: 11:00:00 - 13:00:00 window", "14:00:00 a"}},
        {"all sends each, a tenth of a second apart",
         all_hourly,
         {"for 211min", "down 10:30:00Z/3h", "reply a=completed/0"},
         {"13:30:00 a of 11:00:00", "13:30:00.100000 a of 12:00:00",
          "13:30:00.200000 a of 13:00:00"}},
        {"after the end of the one before",
         all_hourly,
         {"for 220min", "down 10:30:00Z/3h", "reply a=completed/90s"},
         {"13:30:00 a of 11:00:00", "13:31:30 a of 12:00:00", "13:33:00 a of 13:00:00"}},
        {"live ones go on under overlap",
         all_hourly,
         {"for 5h", "down 10:30:00Z/3h", "reply a=completed/20min"},
         {"13:30:00 a of 11:00:00", "13:50:00 a of 12:00:00", "14:00:00 a skipped overlap",
          "14:10:00 a of 13:00:00", "15:00:00 a"}},
        {"nor does a stop at the start lose it",
         hourly,
         {"for 212min", "down 10:30:00Z/3h", "down 13:30:00Z/1min"},
         {"13:30:00 a missed 2: 11:00:00 - 12:00:00 coalesced", "13:30:00 a of 13:00:00"}},
        {"what is still owed survives the next stop",
         all_hourly,
         {"for 215min", "down 10:30:00Z/3h", "down 13:30:30Z/1min", "reply a=completed/50s"},
         {"13:30:00 a of 11:00:00", "13:31:30 a of 12:00:00", "13:32:20 a of 13:00:00"}},
    });
}

BOOST_AUTO_TEST_CASE(what_is_caught_up_with_is_bounded)
{
    const std::string limited = scheduled("every = \"1h\", catch_up = \"all\", catch_up_limit = 2");
    const std::string all_window =
        scheduled("every = \"1h\", catch_up = \"all\", catch_up_window = \"90min\"");
    expect({
        {"what is too long ago is dropped",
         window_hourly,
         {"for 270min", "down 10:01:00Z/268min"},
         {"14:29:00 a missed 2: 11:00:00 - 12:00:00 window",
          "14:29:00 a missed 1: 13:00:00 - 13:00:00 coalesced", "14:29:00 a of 14:00:00"}},
        {"so is all of it",
         scheduled("every = \"1h\", catch_up_window = \"10min\""),
         {"for 210min", "down 10:30:00Z/3h"},
         {"13:30:00 a missed 3: 11:00:00 - 13:00:00 window"}},
        {"with all as well",
         all_window,
         {"for 211min", "down 10:30:00Z/3h"},
         {"13:30:00 a missed 1: 11:00:00 - 11:00:00 window", "13:30:00 a of 12:00:00",
          "13:30:01 a of 13:00:00"}},
        {"the newest within the limit",
         limited,
         {"for 270min", "down 10:01:00Z/268min"},
         {"14:29:00 a missed 2: 11:00:00 - 12:00:00 limit", "14:29:00 a of 13:00:00",
          "14:29:01 a of 14:00:00"}},
    });
}

BOOST_AUTO_TEST_CASE(the_age_of_a_backlog)
{
    const std::string jittered = scheduled(
        "every = \"1h\", jitter = \"10min\", catch_up = \"all\", catch_up_window = \"2h\"");
    const std::string all =
        scheduled("every = \"1h\", catch_up = \"all\", catch_up_window = \"2h\"");
    const std::vector<played> rows{
        {"as old as the window is not too old",
         jittered,
         {"for 3h1min", "down 10:30:00Z/2h30min"},
         {"13:00:00 a of 11:00:00", "13:00:01 a of 12:00:00"}},
        {"it counts from the instant, whatever its jitter",
         jittered,
         {"for 3h1min", "down 10:30:00Z/9000001ms"},
         {"13:00:00.001000 a missed 1: 11:00:00 - 11:00:00 window",
          "13:00:00.001000 a of 12:00:00"}},
        {"and is judged again when its turn comes",
         all,
         {"for 4h", "down 10:30:00Z/2h15min", "reply a=completed/30min"},
         {"12:45:00 a of 11:00:00", "13:00:00 a skipped overlap", "13:15:00 a of 12:00:00",
          "14:00:00 a"}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_CASE(live_runs_beside_those_that_catch_up)
{
    const auto under = [](const std::string& policy) {
        return "[jobs.a]\nurl = \"/\"\noverlap = \"" + policy +
               "\"\nschedule = { every = \"1h\", catch_up = \"all\" }\n";
    };
    const std::vector<std::string> outage{"for 5h", "down 10:30:00Z/3h", "reply a=completed/40min"};
    const std::vector<played> rows{
        {"skip: the live one comes to nothing",
         under("skip"),
         outage,
         {"13:30:00 a of 11:00:00", "14:00:00 a skipped overlap", "14:10:00 a of 12:00:00",
          "14:50:00 a of 13:00:00", "15:00:00 a skipped overlap"}},
        {"queue: the live one follows",
         under("queue"),
         outage,
         {"13:30:00 a of 11:00:00", "14:10:00 a of 14:00:00", "14:50:00 a of 12:00:00"}},
        {"replace: the live one takes its place",
         under("replace"),
         outage,
         {"13:30:00 a of 11:00:00", "14:00:00 a ended of 11:00:00 cancelled overlap", "14:00:00 a",
          "14:40:00 a of 12:00:00", "15:00:00 a ended of 12:00:00 cancelled overlap",
          "15:00:00 a"}},
        {"allow: the live one starts beside it, and the next that catches up waits for it",
         under("allow"),
         outage,
         {"13:30:00 a of 11:00:00", "14:00:00 a", "14:40:00 a of 12:00:00", "15:00:00 a"}},
        {"a run that catches up waits for the one that goes",
         quarter_hourly,
         {"for 40min", "step 10:20:00Z/1h", "reply a=completed/12min"},
         {"10:15:00 a", "11:20:00 a missed 3: 10:30:00 - 11:00:00 coalesced",
          "11:27:00 a of 11:15:00", "11:30:00 a skipped overlap"}},
        {"also where each is sent",
         scheduled("every = \"15min\", catch_up = \"all\""),
         {"for 60min", "step 10:20:00Z/30min", "reply a=completed/12min"},
         {"10:15:00 a", "10:57:00 a of 10:30:00", "11:00:00 a skipped overlap",
          "11:09:00 a of 10:45:00", "11:15:00 a skipped overlap", "11:30:00 a"}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_CASE(stops_and_their_grace)
{
    const auto with_grace = [](const std::string& grace) {
        return quarter_hourly + ("[runner]\nshutdown_grace = \"" + grace + "\"\n");
    };
    const std::vector<played> rows{
        {"a run that ends within the grace ends the stop",
         with_grace("1min"),
         {"for 32min", "down 10:15:05Z/10s", "reply a=completed/40s"},
         {"10:00:00 carillon starts", "10:15:05 carillon is stopped",
          "10:15:40 a ended of 10:15:00 completed", "10:15:40 carillon starts",
          "10:30:40 a ended of 10:30:00 completed"}},
        {"at its end it is cancelled, and the next start waits no longer",
         with_grace("10s"),
         {"for 32min", "down 10:15:05Z/1s", "reply a=completed/16min"},
         {"10:00:00 carillon starts", "10:15:05 carillon is stopped",
          "10:15:15 a ended of 10:15:00 cancelled shutdown", "10:15:15 carillon starts"}},
        {"nor comes before the stop's span is over",
         with_grace("10s"),
         {"for 32min", "down 10:15:05Z/5min", "reply a=completed/16min"},
         {"10:00:00 carillon starts", "10:15:05 carillon is stopped",
          "10:15:15 a ended of 10:15:00 cancelled shutdown", "10:20:05 carillon starts"}},
        {"a stop without a grace cancels at once",
         with_grace("0"),
         {"for 20min", "down 10:15:05Z/0", "reply a=completed/16min"},
         {"10:00:00 carillon starts", "10:15:05 carillon is stopped",
          "10:15:05 a ended of 10:15:00 cancelled shutdown", "10:15:05 carillon starts"}},
        {"a stop while one is under way counts from its own time",
         with_grace("1min"),
         {"for 20min", "down 10:15:05Z/10s", "down 10:15:30Z/2min", "reply a=completed/16min"},
         {"10:00:00 carillon starts", "10:15:05 carillon is stopped",
          "10:16:05 a ended of 10:15:00 cancelled shutdown", "10:17:30 carillon starts"}},
        {"without runs nothing is waited for",
         with_grace("1min"),
         {"for 10min", "down 10:05:00Z/10s"},
         {"10:00:00 carillon starts", "10:05:00 carillon is stopped", "10:05:10 carillon starts"}},
    };
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play_incidents(p) == p.expected, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_SUITE_END()
