#pragma once

#include "config_fixture.hpp"
#include "simulate/simulate.hpp"
#include <carillon/time/timestamp.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace carillon::app {

/** Plays scenarios of configured jobs, from ten o'clock on, and tells of them in short lines. */
struct scenario_player : config_fixture {
    /** A configuration, what befalls it, and what comes of that. */
    struct played {
        const char* what;
        std::string jobs;
        std::vector<std::string> options;
        std::vector<std::string> expected;
    };

    /** Times of Thursday, 1 January 2026, without their date and, where there is none, fraction. */
    static std::string brief(const std::string& text)
    {
        const std::string t = format_utc_short(parse_instant(text).value());
        const std::string clock = t.substr(11, t.size() - 12);
        return t.starts_with("2026-01-01") ? clock : t.substr(5, 5) + " " + clock;
    }

    static std::string brief(const boost::json::value& v)
    {
        return brief(std::string(v.as_string()));
    }

    static constexpr const char* quarter_hourly =
        "[jobs.a]\nurl = \"/\"\nschedule = { every = \"15min\" }\n";
    static constexpr const char* hourly = "[jobs.a]\nurl = \"/\"\nschedule = { every = \"1h\" }\n";
    static constexpr const char* pin_112 =
        "[jobs.a]\nurl = \"/\"\nschedule = { on_boot = \"5min\", every = "
        "\"15min\", accuracy = \"1min\" }\n";
    static constexpr const char* half_past_ten =
        "[jobs.a]\nurl = \"/\"\nschedule = { cron = \"30 10 * * *\" }\n";

    static std::string scheduled(const std::string& schedule)
    {
        return "[jobs.a]\nurl = \"/\"\nschedule = { " + schedule + " }\n";
    }

    inline static const std::string all_hourly = scheduled("every = \"1h\", catch_up = \"all\"");
    inline static const std::string none_hourly = scheduled("every = \"1h\", catch_up = \"none\"");
    inline static const std::string window_hourly =
        scheduled("every = \"1h\", catch_up_window = \"2h\"");
    inline static const std::string none_pin =
        scheduled("on_boot = \"5min\", every = \"15min\", catch_up = \"none\"");
    inline static const std::string all_pin =
        scheduled("on_boot = \"5min\", every = \"15min\", catch_up = \"all\"");

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
            const boost::json::object o = boost::json::parse(line).as_object();
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
                out.push_back(compact(boost::json::parse(as_json_line(e)).as_object()));
        });
        return out;
    }

    void expect(const std::vector<played>& rows)
    {
        for (const played& p : rows) BOOST_TEST_CONTEXT(p.what)
            {
                BOOST_TEST(play(p) == p.expected, boost::test_tools::per_element());
            }
    }

    static std::string compact(const boost::json::object& o)
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

} // namespace carillon::app
