// Sections 6 and 7 of the schedule semantics, case by case: what is expected was worked out by
// hand.

#include "simulate/simulate.hpp"

#include "config_fixture.hpp"
#include <carillon/time/timestamp.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

namespace json = boost::json;
using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace simulations {

struct played {
    const char* what;
    std::string jobs;
    std::vector<std::string> options;
    std::vector<std::string> expected;
};

/** Times of Thursday, 1 January 2026, without their date and, where there is none, fraction. */
std::string brief(const std::string& text)
{
    const std::string t = format_utc_short(parse_instant(text).value());
    const std::string clock = t.substr(11, t.size() - 12);
    return t.starts_with("2026-01-01") ? clock : t.substr(5, 5) + " " + clock;
}

std::string brief(const json::value& v) { return brief(std::string(v.as_string())); }

struct fixture : config_fixture {
    std::string jobs_text(const std::string& jobs) const
    {
        return "[defaults]\nbase_url = \"http://localhost/\"\ntimeout = \"1h\"\n" + jobs;
    }

    simulate_options read_options(const std::vector<std::string>& given) const
    {
        simulate_options o{.from = "2026-01-01T10:00:00Z", .span = "4h"};
        for (const std::string& text : given) {
            const std::string value = text.substr(text.find(' ') + 1);
            const std::string today = "2026-01-01T" + value;
            if (text.starts_with("for ")) o.span = value;
            if (text.starts_with("from ")) o.from = today;
            if (text.starts_with("boot ")) o.boot = today;
            if (text.starts_with("down ")) o.down.push_back(today);
            if (text.starts_with("off ")) o.off.push_back(today);
            if (text.starts_with("step ")) o.step.push_back(today);
            if (text.starts_with("reply ")) o.replies.push_back(value);
        }
        return o;
    }

    void play(const played& p, const simulated_event_handler& tell)
    {
        const auto config = load(jobs_text(p.jobs));
        BOOST_REQUIRE(config.has_value());
        auto what = read_scenario(read_options(p.options), config->jobs, instant{}).value();
        what.shutdown_grace = config->shutdown_grace;
        simulate(config->jobs, what, tell);
    }

    /** What starts, is skipped and is missed: `10:15:00 a`, `11:00:00 a of 10:50:00`. */
    std::vector<std::string> play(const played& p)
    {
        std::vector<std::string> out;
        play(p, [&](const simulated_event& e) {
            const std::string line = as_json_line(e);
            if (line.empty()) return;
            const json::object o = json::parse(line).as_object();
            if (o.at("event") == "ended" && o.at("outcome") == "completed") return;
            out.push_back(compact(o));
        });
        return out;
    }

    /** What befalls the machine and the daemon, and how runs end. */
    std::vector<std::string> play_incidents(const played& p)
    {
        std::vector<std::string> out;
        play(p, [&](const simulated_event& e) {
            if (e.what == simulated_event::kind::incident)
                out.push_back(brief(format_utc(e.at)) + " " + std::string(e.job));
            if (e.what == simulated_event::kind::ended)
                out.push_back(compact(json::parse(as_json_line(e)).as_object()));
        });
        return out;
    }

    static std::string compact(const json::object& o)
    {
        const std::string event(o.at("event").as_string());
        const std::string at = brief(o.at("at"));
        std::string out = at + " " + std::string(o.at("job").as_string());
        if (event == "missed") {
            out += " missed " + std::to_string(o.at("count").as_int64()) + ": " +
                   brief(o.at("first")) + " - " + brief(o.at("last"));
        } else {
            const std::string due = brief(o.at("scheduled_at"));
            if (event != "started") out += " " + event;
            if (due != at) out += " of " + due;
        }
        if (o.at("outcome").is_string()) out += " " + std::string(o.at("outcome").as_string());
        if (o.at("reason").is_string()) out += " " + std::string(o.at("reason").as_string());
        return out;
    }
};

constexpr const char* quarter_hourly = "[jobs.a]\nurl = \"/\"\nschedule = { every = \"15min\" }\n";
constexpr const char* hourly = "[jobs.a]\nurl = \"/\"\nschedule = { every = \"1h\" }\n";
constexpr const char* pin_112 = "[jobs.a]\nurl = \"/\"\nschedule = { on_boot = \"5min\", every = "
                                "\"15min\", accuracy = \"1min\" }\n";
constexpr const char* half_past_ten =
    "[jobs.a]\nurl = \"/\"\nschedule = { cron = \"30 10 * * *\" }\n";

std::string scheduled(const std::string& schedule)
{
    return "[jobs.a]\nurl = \"/\"\nschedule = { " + schedule + " }\n";
}

const std::string all_hourly = scheduled("every = \"1h\", catch_up = \"all\"");
const std::string none_hourly = scheduled("every = \"1h\", catch_up = \"none\"");
const std::string window_hourly = scheduled("every = \"1h\", catch_up_window = \"2h\"");
const std::string none_pin =
    scheduled("on_boot = \"5min\", every = \"15min\", catch_up = \"none\"");
const std::string all_pin = scheduled("on_boot = \"5min\", every = \"15min\", catch_up = \"all\"");

} // namespace simulations

BOOST_FIXTURE_TEST_SUITE(simulations, fixture)

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
    const std::string once_a_boot = scheduled("on_boot = \"5min\"");
    const std::string once_a_start = scheduled("on_start = \"5min\"");
    const std::vector<played> rows{
        {"every alone counts from the epoch",
         quarter_hourly,
         {"from 10:07:00Z", "for 30min"},
         {"10:15:00 a", "10:30:00 a"}},
        {"a slow run moves no tick",
         quarter_hourly,
         {"for 1h", "reply a=completed/20min"},
         {"10:15:00 a", "10:30:00 a skipped overlap", "10:45:00 a", "11:00:00 a skipped overlap"}},
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
        {"a start begins a new grid",
         start_anchored,
         {"for 1h", "down 10:27:00Z/0"},
         {"10:10:00 a", "10:25:00 a", "10:37:00 a", "10:52:00 a"}},
        {"ticks missed before a start are its first tick's",
         start_anchored,
         {"for 100min", "down 10:27:00Z/50min"},
         {"10:10:00 a", "10:25:00 a", "11:17:00 a missed 3: 10:40:00 - 11:10:00 coalesced",
          "11:27:00 a"}},
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
        {"one tick a start", once_a_start, {"down 11:00:00Z/0"}, {"10:05:00 a", "11:05:00 a"}},
        {"carillon starts with the machine",
         pin_112,
         {"boot 10:30:00Z", "for 40min"},
         {"10:35:00 a"}},
    };
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE(late_and_missed)
{
    const std::string accurate =
        scheduled("every = \"1h\", catch_up = \"none\", accuracy = \"30s\"");
    const std::string limited = scheduled("every = \"1h\", catch_up = \"all\", catch_up_limit = 2");
    const std::string all_window =
        scheduled("every = \"1h\", catch_up = \"all\", catch_up_window = \"90min\"");
    const std::vector<played> rows{
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
        {"nor does a stop at the start lose it",
         hourly,
         {"for 212min", "down 10:30:00Z/3h", "down 13:30:00Z/1min"},
         {"13:30:00 a missed 2: 11:00:00 - 12:00:00 coalesced", "13:30:00 a of 13:00:00"}},
        {"what is still owed survives the next stop",
         all_hourly,
         {"for 215min", "down 10:30:00Z/3h", "down 13:30:30Z/1min", "reply a=completed/50s"},
         {"13:30:00 a of 11:00:00", "13:31:30 a of 12:00:00", "13:32:20 a of 13:00:00"}},
    };
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE(clock_steps)
{
    const std::vector<played> rows{
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
        {"a visit to 2036 silences nothing",
         quarter_hourly,
         {"for 50min", "step 10:10:00Z/3653d", "down 10:20:00Z/1min", "step 10:25:00Z/-3653d"},
         {"01-02 10:10:00 a missed 350687: 10:15:00 - 01-02 09:45:00 coalesced",
          "01-02 10:10:00 a of 01-02 10:00:00", "10:15:00 a", "10:30:00 a", "10:45:00 a"}},
    };
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
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
    for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
        {
            BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_SUITE_END()
