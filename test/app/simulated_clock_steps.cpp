// What a clock that is set does to instants and their names.

#include "scenario_player.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(simulated_clock_steps, scenario_player)

BOOST_AUTO_TEST_CASE(clock_steps)
{
    expect({
        {"forward an hour: missed, and one run for all",
         quarter_hourly,
         {"for 20min", "step 10:10:00Z/1h"},
         {"11:10:00 a missed 3: 10:15:00 - 10:45:00 coalesced", "11:10:00 a of 11:00:00",
          "11:15:00 a"}},
        {"forward onto a minute that is just past: late",
         quarter_hourly,
         {"for 20min", "step 10:10:00Z/1205s"},
         {"10:30:05 a missed 1: 10:15:00 - 10:15:00 coalesced", "10:30:05 a of 10:30:00"}},
        {"forward a day",
         half_past_ten,
         {"for 30min", "step 10:10:00Z/1d"},
         {"01-02 10:10:00 a of 10:30:00", "01-02 10:30:00 a"}},
        {"back an hour: a rhythm goes on under other names",
         quarter_hourly,
         {"from 09:50:00Z", "for 2h20min", "step 10:50:00Z/-1h"},
         {"10:00:00 a", "10:15:00 a", "10:30:00 a", "10:45:00 a", "10:00:00 a of 10:00:00.000001",
          "10:15:00 a of 10:15:00.000001", "10:30:00 a of 10:30:00.000001",
          "10:45:00 a of 10:45:00.000001", "11:00:00 a"}},
        {"back an hour: a fixed time does not repeat",
         half_past_ten,
         {"for 26h", "step 10:50:00Z/-1h"},
         {"10:30:00 a", "01-02 10:30:00 a"}},
        {"there and back: what ran does not run again",
         half_past_ten,
         {"for 49h", "step 10:10:00Z/1d", "step 11:00:00Z/-1d"},
         {"01-02 10:10:00 a of 10:30:00", "01-02 10:30:00 a", "01-03 10:30:00 a"}},
        {"a small step is no step",
         quarter_hourly,
         {"for 20min", "step 10:10:00Z/900ms"},
         {"10:15:00 a"}},
        {"ticks of the boot move along",
         pin_112,
         {"for 40min", "step 10:10:00Z/1h"},
         {"10:05:00 a", "11:20:00 a", "11:35:00 a"}},
        {"back as well",
         pin_112,
         {"for 40min", "step 10:10:00Z/-1h"},
         {"10:05:00 a", "09:20:00 a", "09:35:00 a"}},
        {"a visit to 2036 silences nothing",
         quarter_hourly,
         {"for 50min", "step 10:10:00Z/3653d", "down 10:20:00Z/1min", "step 10:25:00Z/-3653d"},
         {"01-02 10:10:00 a missed 350687: 10:15:00 - 01-02 09:45:00 coalesced",
          "01-02 10:10:00 a of 01-02 10:00:00", "10:15:00 a", "10:30:00 a", "10:45:00 a"}},
    });
}

BOOST_AUTO_TEST_CASE(clock_steps_while_down_or_before_a_stop)
{
    expect({
        {"a step while down",
         pin_112,
         {"for 60min", "down 10:10:00Z/5min", "step 10:12:00Z/1d"},
         {"10:05:00 a", "01-02 10:20:00 a", "01-02 10:35:00 a", "01-02 10:50:00 a"}},
        {"a stop in an hour that comes again",
         scheduled("every = \"10min\""),
         {"from 12:00:00Z", "for 38min", "step 12:05:00Z/-1h", "down 11:06:00Z/29min"},
         {"11:35:00 a missed 2: 11:10:00 - 11:20:00 coalesced", "11:35:00 a of 11:30:00"}},
        {"a name that was used catches up under another",
         scheduled("every = \"10min\""),
         {"from 11:35:00Z", "for 69min", "step 12:05:00Z/-1h", "down 11:25:00Z/18min"},
         {"11:40:00 a", "11:50:00 a", "12:00:00 a", "11:10:00 a", "11:20:00 a",
          "11:43:00 a missed 1: 11:30:00 - 11:30:00 coalesced", "11:43:00 a of 11:40:00.000001"}},
        {"ticks of the start before move along, too",
         scheduled("on_start = \"0\", every = \"10min\", catch_up = \"all\""),
         {"from 12:00:00Z", "for 26min", "down 12:15:00Z/10min", "step 12:16:00Z/2d"},
         {"12:00:00 a", "12:10:00 a", "01-03 12:25:00 a", "01-03 12:25:01 a of 01-03 12:20:00"}},
        {"back as well, and none is lost",
         scheduled("on_start = \"1min\", every = \"10min\""),
         {"from 02:00:00Z", "for 100min", "down 03:00:00Z/40min", "step 03:30:00Z/-30min"},
         {"02:01:00 a", "02:11:00 a", "02:21:00 a", "02:31:00 a", "02:41:00 a", "02:51:00 a",
          "03:10:00 a missed 4: 02:31:00 - 03:01:00 coalesced"}},
    });
}

BOOST_AUTO_TEST_CASE(queues_and_names)
{
    const std::vector<played> rows{
        {"of what waits in a queue the newer stays",
         "[jobs.a]\nurl = \"/\"\noverlap = \"queue\"\nschedule = { every = \"15min\" }\n",
         {"for 1h", "reply a=completed/40min"},
         {"10:15:00 a", "10:45:00 a skipped of 10:30:00 overlap", "10:55:00 a of 10:45:00"}},
        {"and the name of the older one is not free, as it was claimed",
         "[jobs.a]\nurl = \"/\"\noverlap = \"queue\"\nschedule = { every = \"15min\" }\n",
         {"for 2h10min", "step 11:40:00Z/-75min", "reply a=completed/40min"},
         {"10:15:00 a", "10:45:00 a skipped of 10:30:00 overlap", "10:55:00 a of 10:45:00",
          "11:15:00 a skipped of 11:00:00 overlap", "11:30:00 a skipped of 11:15:00 overlap",
          "11:35:00 a of 11:30:00", "10:45:00 a skipped of 10:30:00.000001 overlap"}},
        {"the name of an instant that was skipped is not free",
         quarter_hourly,
         {"from 09:50:00Z", "for 72min", "step 10:52:00Z/-40min", "reply a=completed/20min"},
         {"10:00:00 a", "10:15:00 a skipped overlap", "10:30:00 a", "10:45:00 a skipped overlap",
          "10:15:00 a of 10:15:00.000001"}},
        {"a fixed time whose own run goes is not judged again",
         "[jobs.a]\nurl = \"/\"\nschedule = { cron = \"30 10 * * *\" }\n",
         {"for 3h", "step 10:40:00Z/-20min", "reply a=completed/40min"},
         {"10:30:00 a"}},
        {"nor one that was skipped",
         "[jobs.a]\nurl = \"/\"\nschedule = { cron = \"0,30 10 * * *\" }\n",
         {"from 09:50:00Z", "for 3h", "step 10:50:00Z/-25min", "reply a=completed/40min"},
         {"10:00:00 a", "10:30:00 a skipped overlap"}},
    };
    expect(rows);
}

BOOST_AUTO_TEST_SUITE_END()
