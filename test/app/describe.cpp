#include "text/describe.hpp"

#include "text/run_words.hpp"
#include <carillon/time/span.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace descriptions {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/** A machine that booted at `t0`, seen an hour later. */
struct an_hour_after_boot {
    boost::asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0 + 1h, 1h};

    std::string shown(std::vector<job> jobs, const screen& to = {}) const
    {
        return describe_jobs(job_set::create(std::move(jobs)).value(), time, to);
    }
};

job make(std::string name, trigger t = {})
{
    return {.name = std::move(name), .trigger = std::move(t), .url = "http://h/"};
}

job dense_too(job j)
{
    j.name = "dense-too";
    return j;
}

std::string at(microseconds after_t0) { return format_local(t0 + after_t0); }

} // namespace descriptions

BOOST_FIXTURE_TEST_SUITE(descriptions, an_hour_after_boot)

BOOST_AUTO_TEST_CASE(what_has_passed_since_boot_is_due_at_once)
{
    BOOST_TEST(
        shown({make("a", schedule{.every = 15min, .on_boot = 5min})}) ==
        "a\n  request   POST http://h/\n  runs      5min after boot, then every 15min\n  next      "
        "at once, then " +
            at(65min) + ", " + at(80min) + "\n");
    BOOST_TEST(shown({make("a", schedule{.on_boot = 5min})}).ends_with("\n  next      at once\n"));
}

BOOST_AUTO_TEST_CASE(the_busiest_second_is_shown)
{
    const auto last_line = [](const std::string& text) {
        const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;
        return text.substr(begin);
    };
    const job nightly = make("nightly", schedule_from_cron("0 3 * * *").value());
    const job hourly = make("hourly", schedule{.every = 1h});
    BOOST_TEST(
        last_line(shown({hourly, nightly})) ==
        "busiest second of the coming day: " + at(3h) + ": 2 runs are due, of hourly, nightly\n");
    BOOST_TEST(
        last_line(shown(
            {hourly, nightly, make("c", schedule{.every = 3h}),
             make("d", schedule{.every = 90min})})) ==
        "busiest second of the coming day: " + at(3h) +
            ": 4 runs are due, of hourly, nightly, c and others\n");
    // Alone in each second, and one that jitter takes elsewhere.
    BOOST_TEST(shown({nightly}).find("busiest") == std::string::npos);
    job away = make("away", schedule{.every = 1h, .jitter = 50min});
    BOOST_TEST(shown({nightly, away}).find("busiest") == std::string::npos);
    // A long jitter is not walked through: each second has its own instant.
    const job dense = make("dense", schedule{.every = 1s, .jitter = 24h * 36500});
    BOOST_TEST(last_line(shown({dense, dense_too(dense)})).starts_with("busiest second"));
    job off = nightly;
    off.name = "off";
    off.enabled = false;
    BOOST_TEST(shown({nightly, off}).find("busiest") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_next_three_instants_are_shown)
{
    BOOST_TEST(shown({make("a", schedule{.every = 15min})})
                   .ends_with(
                       "\n  next      " + at(75min) + " (in 15min), " + at(90min) + ", " +
                       at(105min) + "\n"));
    BOOST_TEST(shown({make("a", schedule{.on_start = 90s})})
                   .ends_with("\n  next      " + at(61min + 30s) + " (in 1min 30s)\n"));
    job off = make("a", schedule{.every = 15min});
    off.enabled = false;
    BOOST_TEST(shown({off}).find("next") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(instants_are_as_exact_as_their_schedule)
{
    const std::string dense = shown({make("a", schedule{.every = 250ms})});
    BOOST_TEST(
        dense.find(
            "\n  next      " + format_local_ms(t0 + 1h + 250ms) + " (in 1s), " +
            format_local_ms(t0 + 1h + 500ms) + ", " + format_local_ms(t0 + 1h + 750ms) + "\n") !=
            std::string::npos,
        dense);
    const microseconds delay = jitter_of("a", 10min, t0 + 2h, t0 + 3h);
    const std::string text = shown({make("a", schedule{.every = 1h, .jitter = 10min})});
    BOOST_TEST(
        text.find(
            "\n  next      " + at(2h) + " + " + format_length(delay) + " (in " +
            format_span(std::chrono::ceil<std::chrono::seconds>(1h + delay)) + "), ") !=
            std::string::npos,
        text);
}

BOOST_AUTO_TEST_CASE(lines_fit_the_terminal)
{
    BOOST_TEST(
        shown({make("a", schedule{.every = 15min})}, {.columns = 40}) ==
        "a\n  request   POST http://h/\n  runs      every 15min\n  next      " + at(75min) +
            "\n            (in 15min),\n            " + at(90min) + ",\n            " + at(105min) +
            "\n");
}

BOOST_AUTO_TEST_CASE(a_chain_is_shown_at_its_first_job)
{
    const std::string text =
        shown({make("a"), make("c", after{{"b"}}), make("b", after{{"a", condition::finished}})});
    BOOST_TEST(text.starts_with("a\n  request   POST http://h/\n  runs      only when asked\n"
                                "  chain     a, then b, then c\nc\n"));
    BOOST_TEST(text.find("chain") == text.rfind("chain"));
}

BOOST_AUTO_TEST_CASE(nothing_hidden_reaches_the_terminal)
{
    job j = make("a");
    j.title = "x\x1b[2Jy\nz";
    BOOST_TEST(shown({j}).starts_with("a\n  title     x\\x1b[2Jy\\nz\n"));
}

BOOST_AUTO_TEST_CASE(json_has_the_instant_that_is_due_at_once)
{
    const auto jobs =
        job_set::create({make("a", schedule{.every = 15min, .on_boot = 5min}), make("b")}).value();
    const std::string text = jobs_as_json(jobs, time);
    BOOST_TEST(text.find(R"("next":"2026-01-01T00:50:00.000000Z")") != std::string::npos, text);
    BOOST_TEST(text.find(R"("next":null)") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(json_has_what_is_worth_a_word)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    const auto jobs =
        job_set::create({make("night", schedule_from_cron("30 2 * * *", berlin).value()),
                         make("a", schedule{.every = 1h, .jitter = 10min}),
                         make("b", schedule{.every = 6h}), make("c", schedule{.every = 6h})})
            .value();
    const json::object o = json::parse(jobs_as_json(jobs, time)).as_object();
    const json::array& list = o.at("jobs").as_array();
    const auto text = [](const json::value& v) { return std::string(v.as_string()); };
    BOOST_TEST(
        text(list[0].at("dst")) == "on 2026-03-29 02:30 does not exist: runs at 03:00 instead");
    BOOST_TEST(list[1].at("dst").is_null());
    BOOST_TEST(text(list[1].at("next")) == "2026-01-01T02:00:00.000000Z");
    BOOST_TEST(
        text(list[1].at("due")) == format_utc(t0 + 2h + jitter_of("a", 10min, t0 + 2h, t0 + 3h)));
    BOOST_TEST(!list[2].as_object().contains("due"));
    BOOST_TEST(
        json::serialize(o.at("busiest_second")) ==
        R"({"at":"2026-01-01T06:00:00.000000Z","runs":2,"is_estimate":false,"jobs":["b","c"]})");
    const auto one = job_set::create({make("b", schedule{.every = 6h})}).value();
    BOOST_TEST(jobs_as_json(one, time).ends_with(R"("busiest_second":null})"));
}

BOOST_AUTO_TEST_CASE(one_is_singular)
{
    BOOST_TEST(count_of_jobs(0) == "0 jobs");
    BOOST_TEST(count_of_jobs(1) == "1 job");
    BOOST_TEST(count_of_jobs(2) == "2 jobs");
}

BOOST_AUTO_TEST_SUITE_END()
