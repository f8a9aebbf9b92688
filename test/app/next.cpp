#include "commands/next.hpp"

#include "print.hpp"
#include <carillon/time/timestamp.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace coming_instants {

/** A machine that booted an hour ago. */
struct an_hour_after_boot {
    boost::asio::io_context ctx;
    const instant now = parse_instant("2026-03-28T23:00:00Z").value();
    virtual_time time{ctx.get_executor(), now, 1h};
};

} // namespace coming_instants

BOOST_FIXTURE_TEST_SUITE(coming_instants, an_hour_after_boot)

BOOST_AUTO_TEST_CASE(a_table_shows_local_time_utc_and_how_long_until_then)
{
    const auto found = find_next({.cron = "30 2 * * *", .count = 2, .zone = "Europe/Berlin"}, time);
    BOOST_TEST(
        as_table(found.value(), now, false, {}) ==
        "Local time, Europe/Berlin       UTC\n"
        "Sun 2026-03-29 03:00:00 +02:00  2026-03-29T01:00:00Z  in 2h\n"
        "Mon 2026-03-30 02:30:00 +02:00  2026-03-30T00:30:00Z  in 1d 1h 30min\n");
    BOOST_TEST(
        as_table(found.value(), now, false, {.columns = 50}) ==
        "Local time, Europe/Berlin\n"
        "Sun 2026-03-29 03:00:00 +02:00  in 2h\n  UTC 2026-03-29T01:00:00Z\n"
        "Mon 2026-03-30 02:30:00 +02:00  in 1d 1h 30min\n  UTC 2026-03-30T00:30:00Z\n");
    BOOST_TEST(
        as_table(found.value(), now, true, {}) ==
        "UTC\n2026-03-29T01:00:00Z  in 2h\n2026-03-30T00:30:00Z  in 1d 1h 30min\n");
    BOOST_TEST(
        as_json(found.value()) ==
        R"({"name":"30 2 * * *","timezone":"Europe/Berlin","instants":["2026-03-29T01:00:00.000000Z",)"
        R"("2026-03-30T00:30:00.000000Z"]})");
    BOOST_TEST(
        as_table(find_next({.cron = "0 0 30 2 *"}, time).value(), now, false, {}) == "never\n");
}

BOOST_AUTO_TEST_CASE(a_start_may_be_given_in_the_zone)
{
    const auto found = find_next(
        {.every = "6h", .count = 1, .zone = "Asia/Tokyo", .from = "2026-01-01 12:00"}, time);
    BOOST_TEST(format_utc_short(found.value().instants.at(0)) == "2026-01-01T06:00:00Z");
}

BOOST_AUTO_TEST_CASE(jitter_is_shown)
{
    const job_set jobs =
        job_set::create(
            {{.name = "a", .trigger = schedule{.every = 1h, .jitter = 10min}, .url = "http://h/"}})
            .value();
    const instant at = now + 1h;
    const microseconds delay = jitter_of("a", 10min, at, at + 1h);
    BOOST_REQUIRE(delay > 1s);
    const auto found = find_next({.count = 1, .zone = "UTC"}, jobs, 0, time).value();
    BOOST_TEST(found.instants.at(0) == at);
    BOOST_TEST(found.delays.at(0) == delay);
    const std::string text = as_table(found, now, true, {});
    BOOST_TEST(text.starts_with("UTC\n2026-03-29T00:00:00Z  + "), text);
    BOOST_TEST(
        as_json(found) ==
        R"({"name":"a","timezone":"UTC","instants":["2026-03-29T00:00:00.000000Z"],"due":[")" +
            format_utc(at + delay) + "\"]}");
}

BOOST_AUTO_TEST_CASE(mistakes_are_marked)
{
    const auto words = [&](const next_options& o) { return to_string(find_next(o, time).error()); };
    BOOST_TEST(
        words({.cron = "0 25 * * *"}) ==
        "--cron: column 3: 25 is no hour, which is 0-23\n  0 25 * * *\n    ^");
    BOOST_TEST(
        words({.every = "5mins"}) ==
        "--every: column 2: unknown unit 'mins'; use us, ms, s, min, h, "
        "d, w, M or y\n  5mins\n   ^");
    BOOST_TEST(words({.cron = "daily"}).find("(did you mean '@daily'?)") != std::string::npos);
    BOOST_TEST(words({.every = "1ms"}).starts_with("--every: column 1: must be at least 100ms"));
    BOOST_TEST(words({.every = "1h", .from = "tomorrow"}).starts_with("--from: column 1: "));
    BOOST_TEST(words({.every = "1h", .zone = "Berlin"})
                   .starts_with("--tz: column 1: there is no time zone"));
}

BOOST_AUTO_TEST_CASE(a_job_in_mid_chain_is_due_with_its_chain)
{
    const job_set jobs =
        job_set::create({{.name = "a",
                          .trigger = schedule{.every = 15min, .on_boot = 5min},
                          .url = "http://h/"},
                         {.name = "b", .trigger = after{{"a"}}, .url = "http://h/"},
                         {.name = "c", .url = "http://h/"}})
            .value();
    const auto of_b = find_next({.count = 2}, jobs, 1, time).value();
    BOOST_TEST(of_b.name == "b");
    BOOST_REQUIRE_EQUAL(of_b.instants.size(), 2U);
    BOOST_TEST(of_b.instants[0] == now + 5min); // an hour after boot: 5min + 4 * 15min
    BOOST_TEST(find_next({}, jobs, 2, time).value().instants.empty());
}

BOOST_AUTO_TEST_SUITE_END()
